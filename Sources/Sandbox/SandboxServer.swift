import Synchronization

/// An emulator of Butlr's login endpoints, and of a standard OAuth 2.0 token endpoint, on 127.0.0.1.
///
/// | request | what it is |
/// | --- | --- |
/// | `POST /api/v2/login` | Butlr's login of a user |
/// | `POST /api/v2/clients/login` | Butlr's login of a client |
/// | `POST /oauth/token` | client credentials, password and refresh (RFC 6749) |
/// | `/api/v3/graphql` | answers 200 to a valid access token, else 401 |
/// | `GET /_sandbox/requests` | the token requests so far |
///
/// All methods may be called from any thread. Any number of sandboxes can run in one process.
public final class SandboxServer: Sendable {
    private let provider: Shared
    private let server: HTTPServer

    /// The provider's state; a class because the server's handler shares it.
    private final class Shared: Sendable {
        let state: Mutex<Provider>
        init(_ options: SandboxOptions) { state = Mutex(Provider(options)) }
    }

    public init(_ options: SandboxOptions = SandboxOptions()) {
        let provider = Shared(options)
        self.provider = provider
        server = HTTPServer(port: options.port) { request in
            .response(provider.state.withLock { $0.answer(request) })
        }
    }

    /// Begins to listen; requests are answered when this returns.
    ///
    /// - Returns: the base URL, `http://127.0.0.1:PORT`.
    /// - Throws: ``SocketError`` when the port is taken or the system gives no socket.
    @discardableResult
    public func start() throws(SocketError) -> String { try server.start() }

    /// Closes the port and every connection, and waits for their threads to end. May be called twice.
    public func stop() { server.stop() }

    /// The token requests so far, in the order in which they came.
    public var requests: [TokenRequest] { provider.state.withLock { $0.requests } }

    /// Changes options while the sandbox runs, such as a password, the lifetime of tokens or the failures to
    /// come, from the next request on. A new port is without effect.
    public func configure(_ change: (inout SandboxOptions) -> Void) {
        provider.state.withLock { change(&$0.options) }
    }

    /// Makes all access tokens so far invalid.
    public func revokeAccessTokens() { provider.state.withLock { $0.tokens.revokeAccessTokens() } }

    /// Makes all refresh tokens so far invalid.
    public func revokeRefreshTokens() { provider.state.withLock { $0.tokens.revokeRefreshTokens() } }
}
