import CCurl
import Platform

/// Sends requests through the system's libcurl.
public struct HTTPClient: Sendable {
    /// The longest body that is read: no token response comes near it.
    static let bodyLimit = 1 << 20
    static let headerLimit = 64 << 10
    static let redirectLimit = 3

    private let userAgent: String
    private let log: Log

    public init(userAgent: String, log: Log) {
        self.userAgent = userAgent
        self.log = log
    }

    /// libcurl's version and TLS library.
    public static func libraryVersion() throws(HTTPFailure) -> String {
        try load()
        return String(cString: ccurl_version())
    }

    /// Sends a request and waits for the response, at most until the deadline.
    ///
    /// A 307 or 308 to the same origin is followed, three times at most; any other redirect is returned as it
    /// is, so that a credential never travels to a server that was not configured.
    public func send(
        _ request: HTTPRequest, over route: HTTPRoute, _ deadline: Deadline
    ) throws(HTTPFailure) -> HTTPResponse {
        try HTTPClient.load()
        var request = request
        var redirects = 0
        while true {
            let response = try post(request, over: route, deadline)
            guard response.status == 307 || response.status == 308, let target = response.redirect,
                redirects < HTTPClient.redirectLimit, haveSameOrigin(request.url, target)
            else { return response }
            redirects += 1
            request.url = target
        }
    }

    /// Loads libcurl, which sending does by itself.
    public static func load() throws(HTTPFailure) {
        if let reason = ccurl_load() {
            throw .unusable("libcurl cannot be loaded (\(String(cString: reason)))")
        }
    }

    private func post(
        _ request: HTTPRequest, over route: HTTPRoute, _ deadline: Deadline
    ) throws(HTTPFailure) -> HTTPResponse {
        var response = ccurl_response()
        if let file = route.caFile, isNoFile(file) {
            throw .unusable("\(quoted(file)) is not a regular file")
        }
        let began = deadline.remaining
        guard began > 0 else { throw .notSent("no time left") }
        perform(request, over: route, began, &response)
        defer { ccurl_release(&response) }
        log.debug("POST \(quoted(request.url)): \(outcome(response)) after \(began - deadline.remaining) ms")
        if response.is_over_limit, response.status > 0 {
            return HTTPResponse(status: response.status, body: nil)
        }
        if response.code != 0 { throw failure(response) }
        guard response.has_whole_head else { throw .interrupted("the connection ended in the headers") }
        let body = UnsafeRawBufferPointer(start: response.body, count: response.body_length)
        let retryAfter = text(of: response.retry_after)
        let date = Timestamp(httpDate: text(of: response.date))
        return HTTPResponse(
            status: response.status, body: Array(body), date: date,
            retryAfter: seconds(retryAfter, since: date),
            redirect: response.redirect_url.map { String(cString: $0) })
    }

    private func perform(
        _ request: HTTPRequest, over route: HTTPRoute, _ timeout: Milliseconds,
        _ response: inout ccurl_response
    ) {
        let headers = request.headers.map { strdup("\($0.name): \($0.value.reveal())") }
        defer {
            for header in headers {
                guard let header else { continue }
                overwrite(UnsafeMutableRawBufferPointer(start: header, count: strlen(header)))
                free(header)
            }
        }
        // Plain http goes only to this machine, which no proxy of the environment's can reach.
        let isPlainHTTP = request.url.utf8.starts(with: "http:".utf8)
        var body = Array(request.body.reveal().utf8)
        defer { body.wipe() }
        let pointers = headers.map { UnsafePointer($0) }
        withOptionalCString(route.caFile) { caFile in
            withOptionalCString(route.proxy) { proxy in
                request.url.withCString { url in
                    userAgent.withCString { userAgent in
                        body.withUnsafeBytes { body in
                            pointers.withUnsafeBufferPointer { headers in
                                var described = ccurl_request(
                                    url: url, headers: headers.baseAddress, header_count: headers.count,
                                    body: body.baseAddress, body_length: body.count,
                                    timeout_ms: Int(timeout), ca_file: caFile, proxy: proxy,
                                    direct: isPlainHTTP && proxy == nil, user_agent: userAgent,
                                    body_limit: HTTPClient.bodyLimit, header_limit: HTTPClient.headerLimit)
                                ccurl_post(&described, &response)
                            }
                        }
                    }
                }
            }
        }
    }

    private func outcome(_ response: ccurl_response) -> String {
        response.code == 0 ? "status \(response.status)" : quoted(text(of: response.error))
    }

    /// Sorts libcurl's codes (libcurl-errors(3)) by what they mean for the caller.
    private func failure(_ response: ccurl_response) -> HTTPFailure {
        let reason = quoted(text(of: response.error))
        if response.connect_status > 0, !(200..<300).contains(response.connect_status) {
            return .refusedByProxy(status: response.connect_status)
        }
        switch response.code {
        case 35:
            // One code for a handshake that was refused and for one that was cut short.
            let cut = ["SYSCALL", "reset", "eof", "EOF", "non-properly", "pull function", "Broken pipe"]
            return cut.contains { contains(reason, $0) } ? .notSent(reason) : .tls(reason)
        case 51, 60, 64, 83, 90, 91: return .tls(reason)
        case 53, 54, 58, 59, 66, 77, 82: return .unusable(reason)
        case 1, 8, 23, 27, 61, 100:
            // A header too long for libcurl counts as out of memory before its version 8.6.
            return response.was_sent ? .malformed(reason) : .unusable(reason)
        case 3, 4: return .unusable(reason)
        default: return response.was_sent ? .interrupted(reason) : .notSent(reason)
        }
    }
}

extension HTTPResponse {
    fileprivate init(status: Int, body: [UInt8]?) {
        self.init(status: status, body: body, date: nil, retryAfter: nil, redirect: nil)
    }
}

/// Whether something is there that libcurl might wait for past any deadline, such as a pipe.
private func isNoFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && !status.isRegularFile
}

/// Whether two absolute URLs have the same scheme, host and port.
func haveSameOrigin(_ left: String, _ right: String) -> Bool {
    guard let left = origin(left), let right = origin(right) else { return false }
    return left == right
}

private func origin(_ url: String) -> String? {
    let lowered = url.lowercased()
    for (scheme, port) in [("https://", ":443"), ("http://", ":80")] where lowered.hasPrefix(scheme) {
        var authority = lowered.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.isEmpty, !authority.contains("@"), !authority.contains("\\") else { return nil }
        if authority.hasSuffix(port) { authority.removeLast(port.count) }
        return scheme + authority
    }
    return nil
}

/// `Retry-After` as seconds: a count, or a date that is compared with the server's own clock.
private func seconds(_ retryAfter: String, since date: Timestamp?) -> Int? {
    if let count = Int(retryAfter) { return count >= 0 ? min(count, 86_400) : nil }
    guard let moment = Timestamp(httpDate: retryAfter), let date else { return nil }
    return Int(min(max(0, moment.seconds - date.seconds), 86_400))
}

private func contains(_ text: String, _ part: String) -> Bool {
    text.utf8.indices.contains { text.utf8[$0...].starts(with: part.utf8) }
}

/// The text in a C array of characters.
private func text<Characters>(of array: Characters) -> String {
    withUnsafeBytes(of: array) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

private func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result
{
    guard let text else { return body(nil) }
    return text.withCString { body($0) }
}
