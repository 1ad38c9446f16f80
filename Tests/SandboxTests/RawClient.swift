import Platform

/// A TCP connection to 127.0.0.1 that can say anything.
final class RawClient {
    private let socket: FileDescriptor

    /// - Throws: `ECONNREFUSED` where nobody listens.
    init(port: UInt16) throws(SystemError) {
        #if canImport(Darwin)
            let raw = Platform.socket(AF_INET, SOCK_STREAM, 0)
        #else
            let raw = Platform.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        #endif
        guard raw >= 0 else { throw SystemError() }
        socket = FileDescriptor(owning: raw)
        // Only there to end a test that would hang; none of them waits so long.
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(raw, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        #if canImport(Darwin)
            var on: Int32 = 1
            setsockopt(raw, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(raw, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard connected else { throw SystemError() }
    }

    convenience init(baseURL: String) throws(SystemError) {
        try self.init(port: UInt16(baseURL.split(separator: ":").last!)!)
    }

    /// Sends what the server takes of it.
    func send(_ bytes: [UInt8]) {
        #if canImport(Darwin)
            let flags: Int32 = 0
        #else
            let flags = Int32(MSG_NOSIGNAL)
        #endif
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Platform.send(socket.raw, $0.baseAddress, $0.count, flags) }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// Whether the server has something to say, or has ended the connection, within that time.
    func hasInput(within milliseconds: Milliseconds) -> Bool {
        waitUntilReadable(socket.raw, Deadline(in: milliseconds))
    }

    /// Everything until the server ends the connection.
    ///
    /// - Throws: `ECONNRESET` when it does so by a reset.
    func receiveAll() throws(SystemError) -> [UInt8] { try socket.readToEnd(limit: 4 << 20) }

    /// The response to what was sent; `nil` when it is none.
    func reply() throws(SystemError) -> Reply? { Reply(try receiveAll()) }
}

/// A response, read as strictly as a test needs it.
struct Reply {
    let status: Int
    /// By their names in lower case.
    let headers: [String: String]
    let text: String

    init?(_ bytes: [UInt8]) {
        // "\r\n" is one `Character`.
        let lines = String(decoding: bytes, as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: false)
        let statusLine = lines[0].split(separator: " ")
        guard statusLine.count >= 2, statusLine[0] == "HTTP/1.1", let status = Int(statusLine[1]),
            let end = lines.firstIndex(of: "")
        else { return nil }
        self.status = status
        var headers: [String: String] = [:]
        for line in lines[1..<end] {
            guard let colon = line.firstIndex(of: ":") else { return nil }
            headers[line[..<colon].lowercased()] = String(line[colon...].dropFirst(2))
        }
        self.headers = headers
        text = lines[(end + 1)...].joined(separator: "\r\n")
    }

    /// A member of the content, which is JSON.
    subscript(name: String) -> JSON? { (try? JSON(parsing: Array(text.utf8)))?[name] }

    /// `error` of an error response.
    var error: String? { self["error"]?.string }
    var accessToken: String? { self["access_token"]?.string }
    var refreshToken: String? { self["refresh_token"]?.string }
}
