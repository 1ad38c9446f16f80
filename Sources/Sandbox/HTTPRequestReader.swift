/// A request that is not worth handing to a handler.
struct BadRequest: Error {
    var status: Int
    var description: String

    init(_ description: String, status: Int = 400) {
        self.status = status
        self.description = description
    }

    var response: HTTPServer.Response {
        HTTPServer.Response(
            status: status, headers: ["Content-Type": "text/plain"], body: Array("\(description)\n".utf8))
    }
}

/// The most a request line and its header fields may take.
private let headLimit = 32 * 1024
/// The most a request's content may take.
private let bodyLimit = 1024 * 1024

/// Reads one request (RFC 9112), with its content by `Content-Length` or in chunks.
///
/// - Returns: `nil` when the client went away, or was silent for half a minute, before the request was whole.
func readRequest(
    from connection: borrowing Connection, baseURL: String
) throws(BadRequest) -> HTTPServer.Request? {
    var input = RequestInput()
    guard let requestLine = try input.line(from: connection) else { return nil }
    let parts = requestLine.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 3, isToken(parts[0]), !parts[1].isEmpty,
        parts[2] == "HTTP/1.1" || parts[2] == "HTTP/1.0"
    else { throw BadRequest("This is no HTTP/1.1 request line.") }

    var headers: HTTPServer.Headers = []
    while true {
        guard let line = try input.line(from: connection) else { return nil }
        if line.isEmpty { break }
        guard let colon = line.firstIndex(of: ":"), isToken(line[..<colon]) else {
            throw BadRequest("A header field is malformed.")
        }
        headers.append((name: String(line[..<colon]), value: trimmed(line[line.index(after: colon)...])))
    }

    let framing = try Framing(headers)
    if framing != .none, headers.first(named: "Expect")?.lowercased() == "100-continue" {
        connection.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
    }
    let body: [UInt8]?
    switch framing {
    case .none: body = []
    case .length(let count): body = input.bytes(count, from: connection)
    case .chunked: body = try input.chunks(from: connection)
    }
    guard let body else { return nil }

    let (path, query) = split(target: parts[1])
    return HTTPServer.Request(
        method: String(parts[0]), path: path, query: query, headers: headers, body: body, baseURL: baseURL)
}

/// How the end of a request's content is told (RFC 9112 §6).
private enum Framing: Equatable {
    case none
    case length(Int)
    case chunked

    init(_ headers: HTTPServer.Headers) throws(BadRequest) {
        let lengths = Set(headers.filter { $0.name.lowercased() == "content-length" }.map(\.value))
        if let coding = headers.first(named: "Transfer-Encoding") {
            guard lengths.isEmpty else {
                throw BadRequest("Content-Length and Transfer-Encoding exclude each other.")
            }
            guard coding.lowercased() == "chunked" else {
                throw BadRequest("This Transfer-Encoding is not known here.", status: 501)
            }
            self = .chunked
        } else if let length = lengths.first {
            guard lengths.count == 1, length.utf8.allSatisfy({ (48...57).contains($0) }), !length.isEmpty
            else {
                throw BadRequest("Content-Length is malformed.")
            }
            guard let count = Int(length), count <= bodyLimit else { throw tooLarge }
            self = .length(count)
        } else {
            self = .none
        }
    }
}

private let tooLarge = BadRequest("The content is larger than \(bodyLimit) bytes.", status: 413)

/// What has been received and not yet been used.
private struct RequestInput {
    private var buffer: [UInt8] = []
    private var position = 0
    private var headBytes = 0

    /// A line without its end, which is CR LF, or LF alone from a lenient client (RFC 9112 §2.2).
    mutating func line(from connection: borrowing Connection) throws(BadRequest) -> String? {
        var line: [UInt8] = []
        while true {
            guard let byte = nextByte(from: connection) else { return nil }
            headBytes += 1
            guard headBytes <= headLimit else {
                throw BadRequest("The header is larger than \(headLimit) bytes.", status: 431)
            }
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        return String(decoding: line, as: UTF8.self)
    }

    mutating func bytes(_ count: Int, from connection: borrowing Connection) -> [UInt8]? {
        var bytes: [UInt8] = []
        while bytes.count < count {
            if position == buffer.count, !refill(from: connection) { return nil }
            let part = buffer[position...].prefix(count - bytes.count)
            bytes += part
            position += part.count
        }
        return bytes
    }

    /// RFC 9112 §7.1; extensions and trailer fields are read and ignored.
    mutating func chunks(from connection: borrowing Connection) throws(BadRequest) -> [UInt8]? {
        var body: [UInt8] = []
        while true {
            guard let line = try line(from: connection) else { return nil }
            let size = trimmed(line.prefix { $0 != ";" })
            guard !size.isEmpty, size.utf8.count <= 8, let count = UInt32(size, radix: 16), size.first != "+"
            else { throw BadRequest("A chunk's size is malformed.") }
            if count == 0 { break }
            guard body.count + Int(count) <= bodyLimit else { throw tooLarge }
            guard let chunk = bytes(Int(count), from: connection), let end = try self.line(from: connection)
            else { return nil }
            guard end.isEmpty else { throw BadRequest("A chunk is longer than its size.") }
            body += chunk
        }
        while true {
            guard let trailer = try line(from: connection) else { return nil }
            if trailer.isEmpty { return body }
        }
    }

    private mutating func nextByte(from connection: borrowing Connection) -> UInt8? {
        if position == buffer.count, !refill(from: connection) { return nil }
        defer { position += 1 }
        return buffer[position]
    }

    private mutating func refill(from connection: borrowing Connection) -> Bool {
        buffer = connection.receive(within: 30_000)
        position = 0
        return !buffer.isEmpty
    }
}

/// Splits a target at its `?`, without the scheme and host of the absolute form, which every server has to
/// accept (RFC 9112 §3.2.2).
private func split(target: Substring) -> (path: String, query: String) {
    var target = target
    if target.lowercased().hasPrefix("http://") {
        target = target.dropFirst(7)
        target = target[(target.firstIndex { $0 == "/" || $0 == "?" } ?? target.endIndex)...]
    }
    let path = target.prefix { $0 != "?" }
    return (String(path), String(target.dropFirst(path.count + 1)))
}

/// Whether this is a `token` (RFC 9110 §5.6.2).
private func isToken(_ text: Substring) -> Bool {
    !text.isEmpty
        && text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
}

/// Text without the spaces and tabs around it.
func trimmed(_ text: some StringProtocol) -> String {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    let start = text.drop(while: isBlank)
    guard let last = start.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(start[...last])
}
