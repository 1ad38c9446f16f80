/// A provider that does exactly what a test tells it to, on a port of its own of 127.0.0.1.
///
///     let server = try ScriptedServer { request, index in
///         index == 0 ? .reset : .json(#"{"access_token":"a","token_type":"Bearer","expires_in":60}"#)
///     }
///     …
///     #expect(server.requests.map(\.path) == ["/token", "/token"])
///
/// Each connection has a thread of its own, so a handler may block (see ``Gate``). ``stop()``, also called when
/// the last reference goes, ends all connections and joins all threads.
public final class ScriptedServer: Sendable {
    /// Answers a request, given how many came before it on any connection.
    public typealias Handler = @Sendable (_ request: Request, _ index: Int) -> Reply

    /// What 127.0.0.1 listens on.
    public let port: UInt16
    private let core: ServerCore

    /// Starts serving.
    ///
    /// - Parameter greeting: sent as soon as a client connects, instead of reading a request. The handler is
    ///   asked only if it ends with ``Reply/Ending/keepAlive``.
    public init(greeting: Reply? = nil, _ handler: @escaping Handler) throws {
        let (listener, port) = try loopbackSocket(listening: true)
        self.port = port
        core = try ServerCore(listener, greeting, handler)
    }

    deinit { stop() }

    /// `http://127.0.0.1:PORT`
    public var url: String { "http://127.0.0.1:\(port)" }

    /// The requests so far, in the order of their indices. One that was never complete is not among them.
    public var requests: [Request] { core.state.value.requests }

    /// How many connections were accepted so far.
    public var connectionCount: Int { core.state.value.connectionCount }

    /// Waits until that many requests have come.
    ///
    /// - Throws: ``TooFewRequests`` when they have not after `limit`.
    @discardableResult
    public func waitForRequests(_ count: Int, limit: Duration = .seconds(60)) async throws -> [Request] {
        let requests = await core.state.wait(limit: limit) {
            $0.requests.count >= count ? $0.requests : nil
        }
        guard let requests else { throw TooFewRequests(expected: count, seen: self.requests.count) }
        return requests
    }

    /// Ends all connections and joins all threads; again is nothing. It waits for a handler that is at work, so
    /// open its ``Gate`` first.
    public func stop() { core.stop() }

    /// Fewer requests came than a test waited for.
    public struct TooFewRequests: Error, CustomStringConvertible {
        public let expected: Int
        public let seen: Int
        public var description: String { "waited for \(expected) requests, but \(seen) came" }
    }

    /// A port of 127.0.0.1 where connections are refused for as long as this is kept.
    public final class ClosedPort: Sendable {
        public let port: UInt16
        private let socket: Descriptor

        public init() throws { (socket, port) = try loopbackSocket(listening: false) }

        /// `http://127.0.0.1:PORT`
        public var url: String { "http://127.0.0.1:\(port)" }
    }
}

/// A socket bound to an ephemeral port of 127.0.0.1.
private func loopbackSocket(listening: Bool) throws -> (Descriptor, UInt16) {
    #if canImport(Darwin)
        let socket = Descriptor(owning: try checked("socket") { Darwin.socket(AF_INET, SOCK_STREAM, 0) })
    #else
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Descriptor(owning: try checked("socket") { Glibc.socket(AF_INET, kind, 0) })
    #endif
    _ = fcntl(socket.raw, F_SETFD, FD_CLOEXEC)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    try withUnsafeMutableBytes(of: &address) { bytes in
        let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
        try checked("bind") { bind(socket.raw, pointer, size) }
        if listening { try checked("listen") { listen(socket.raw, 1024) } }
        try checked("getsockname") { getsockname(socket.raw, pointer, &size) }
    }
    return (socket, UInt16(bigEndian: address.sin_port))
}
