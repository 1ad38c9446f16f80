import Platform
import Synchronization
import TestSupport
import Testing

/// A provider of tokens and a server that demands them, both on one port of 127.0.0.1.
///
/// The provider's endpoint is `/token`; every other request must carry a valid token, or gets 401.
final class Realm: Sendable {
    /// How the server wants the token. Nothing else than exactly this header is accepted.
    enum Scheme: Sendable {
        case bearer
        /// The token alone, as crates.io's API has it.
        case bare
        case basic(user: String)

        func header(_ token: String) -> String {
            switch self {
            case .bearer: "Bearer \(token)"
            case .bare: token
            case .basic(let user): "Basic \(base64(Array("\(user):\(token)".utf8)))"
            }
        }

        fileprivate var challenge: [(name: String, value: String)] {
            switch self {
            case .bearer: [("WWW-Authenticate", "Bearer realm=\"test\"")]
            case .bare: []
            case .basic: [("WWW-Authenticate", "Basic realm=\"test\"")]
            }
        }
    }

    private final class State: Sendable {
        let tokens = Mutex<(issued: Int, valid: Set<String>)>((0, []))
    }

    private let state: State
    let server: ScriptedServer

    /// - Parameters:
    ///   - lifetime: of every token, in seconds.
    ///   - unaccepted: how many of the first tokens the server refuses, though they are fresh.
    ///   - resource: answers a request that carries a valid token.
    init(
        _ scheme: Scheme = .bearer, lifetime: Int = 3600, unaccepted: Int = 0,
        resource: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Reply = { _ in
            .http("open\n")
        }
    ) throws {
        let state = State()
        self.state = state
        server = try ScriptedServer { request, _ in
            if request.path == "/token" {
                let token = state.tokens.withLock { tokens in
                    tokens.issued += 1
                    let token = "token\(tokens.issued)." + String(repeating: "a-_~+/", count: 150) + "=="
                    if tokens.issued > unaccepted { tokens.valid.insert(token) }
                    return token
                }
                return .json(
                    #"{"access_token":"\#(token)","token_type":"Bearer","expires_in":\#(lifetime)}"#)
            }
            let shown = request.header("Authorization")
            guard state.tokens.withLock({ $0.valid.contains { scheme.header($0) == shown } }) else {
                return .json(
                    #"{"errors":[{"code":"UNAUTHORIZED","detail":"a valid token is needed"}]}"#,
                    status: 401, headers: scheme.challenge)
            }
            return resource(request)
        }
    }

    var port: UInt16 { server.port }
    var url: String { server.url }

    /// How many tokens the provider has handed out.
    var logins: Int { state.tokens.withLock { $0.issued } }

    /// Every `Authorization` header that came to the server, apart from the provider's endpoint.
    var shown: [String] {
        server.requests.filter { $0.path != "/token" }.compactMap { $0.header("Authorization") }
    }

    /// Makes the server refuse every token so far, however long it still lives.
    func revokeTokens() { state.tokens.withLock { $0.valid = [] } }

    /// Waits until tokens that live for a second have ended.
    func expireTokens() async throws {
        try await Task.sleep(for: .milliseconds(1100))
        revokeTokens()
    }

    /// A profile for this provider.
    ///
    /// - Parameter urls: what it may serve; this server, unless told otherwise.
    func profile(_ name: String = "default", urls: [String]? = nil, _ further: String...) -> String {
        let lines =
            [
                "provider = oauth2", "token-endpoint = \(url)/token", "client-id = cli",
                "client-secret = plain:s3cret", "renew-ahead = off",
            ] + (urls ?? ["\(url)/"]).map { "url = \($0)" } + further
        return "[profile \"\(name)\"]\n" + lines.map { "    \($0)\n" }.joined()
    }

    /// Runs a tool, lets its token end, and runs it again: both runs must get through, the second with a token of
    /// its own. The realm's tokens must live for a second.
    func expectRenewal(_ run: () async throws -> Program.Outcome) async throws {
        let first = try await run()
        #expect(first.status == 0, "\(first)")
        let logins = logins
        #expect(logins > 0)
        try await expireTokens()
        let second = try await run()
        #expect(second.status == 0, "\(second)")
        #expect(self.logins > logins)
    }
}
