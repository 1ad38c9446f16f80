extension HTTPServer {
    /// Decides what a request is answered with. Runs on a thread of its own for each connection, so it may
    /// block, but ``HTTPServer/stop()`` waits for it.
    public typealias Handler = @Sendable (Request) -> Answer

    /// Header fields in their order; a name may occur more than once.
    public typealias Headers = [(name: String, value: String)]

    /// A request that was received in full.
    public struct Request: Sendable {
        /// As sent: methods are case-sensitive (RFC 9110 §9.1).
        public var method: String
        /// The target up to the `?`, not decoded.
        public var path: String
        /// What follows the `?`, not decoded; empty where there is none.
        public var query: String
        public var headers: Headers
        /// The content, with chunks put together.
        public var body: [UInt8]
        /// `http://127.0.0.1:PORT` of the server that received it.
        public var baseURL: String

        /// The first header field of that name in any case, without the white space around it.
        public func header(_ name: String) -> String? { headers.first(named: name) }

        /// The content as text; what is not UTF-8 in it is replaced.
        public var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// A response as HTTP has it. `Date`, `Connection: close` and `Content-Length` are added where they are
    /// not given.
    public struct Response: Sendable {
        public var status: Int
        public var headers: Headers
        public var body: [UInt8]
        /// Milliseconds to wait before the response is sent.
        public var delay: Int

        public init(
            status: Int, headers: KeyValuePairs<String, String> = [:], body: [UInt8] = [], delay: Int = 0
        ) {
            self.status = status
            self.headers = headers.map { (name: $0.key, value: $0.value) }
            self.body = body
            self.delay = delay
        }

        /// A response whose content is this JSON text.
        public init(
            status: Int = 200, headers: KeyValuePairs<String, String> = [:], json: String, delay: Int = 0
        ) {
            self.init(status: status, headers: headers, body: Array(json.utf8), delay: delay)
            self.headers.append((name: "Content-Type", value: "application/json"))
        }
    }

    /// What a handler answers with: HTTP, or whatever a broken or hostile server might do instead.
    public enum Answer: Sendable {
        case response(Response)
        /// These steps one after the other, and then the connection's end.
        case raw([RawStep])
    }

    /// One thing done to a connection without regard for HTTP.
    public enum RawStep: Sendable {
        /// Sends these bytes as they are.
        case send([UInt8])
        /// Waits for so many milliseconds.
        case pause(milliseconds: Int)
        /// Waits until the client gives up.
        case hang
        /// Ends the connection with a TCP reset instead of an orderly close; nothing after it is done.
        case reset

        /// Sends this text as it is.
        public static func send(_ text: String) -> RawStep { .send(Array(text.utf8)) }
    }
}

extension HTTPServer.Headers {
    func first(named name: String) -> String? {
        let wanted = name.lowercased()
        return first { $0.name.lowercased() == wanted }?.value
    }
}

extension HTTPServer.Response {
    /// The message as it goes over the wire.
    func message(withBody: Bool) -> [UInt8] {
        var fields = headers
        for (name, value) in [
            ("Date", httpDate(milliseconds: currentMilliseconds())),
            ("Content-Length", String(body.count)),
            ("Connection", "close"),
        ] where headers.first(named: name) == nil {
            fields.append((name: name, value: value))
        }
        var head = "HTTP/1.1 \(status) \(reason)\r\n"
        for field in fields { head += "\(field.name): \(field.value)\r\n" }
        return Array((head + "\r\n").utf8) + (withBody ? body : [])
    }

    private var reason: String {
        switch status {
        case 200: "OK"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        default: ""  // RFC 9112 §4: the phrase may be empty.
        }
    }
}
