import Sandbox
import TestSupport

/// A helper whose profile `default` logs in at a provider that numbers its tokens: `token-1`, `token-2` and so on.
final class Account: Sendable {
    let helper: Helper
    let provider: ScriptedServer

    /// - Parameters:
    ///   - urls: where the tokens may go.
    ///   - lifetime: of the tokens in seconds; one of zero is handed out and not kept, so that the next call renews.
    ///   - secret: the secret's source.
    ///   - environment: further variables.
    init(
        for urls: [String] = [], lifetime: Int = 3600, secret: String = "plain:s3cret",
        environment: [String: String?] = [:]
    ) throws {
        helper = try Helper(environment: environment)
        provider = try ScriptedServer { _, index in
            .json(
                """
                {"access_token":"token-\(index + 1)","token_type":"Bearer","expires_in":\(lifetime)}
                """)
        }
        try helper.config(
            """
            [profile "default"]
                provider = oauth2
                token-endpoint = \(provider.url)/token
                client-id = cli
                client-secret = \(secret)
                renew-ahead = off

            """ + urls.map { "    url = \($0)\n" }.joined())
        try helper.install(as: "butlr-credential")
    }

    /// How many tokens have been asked for.
    var logins: Int { provider.requests.count }

    /// A program in the account's environment.
    func program(
        _ name: String, _ arguments: [String] = [], _ environment: [String: String?] = [:]
    ) -> Program {
        var program = helper.client(name, arguments, environment: environment)
        program.timeLimit = .seconds(120)
        return program
    }
}

/// The sandbox with a helper that knows it by its environment alone, as in a job of a CI.
final class SandboxAccount: Sendable {
    let helper: Helper
    let sandbox: SandboxServer

    init() throws {
        sandbox = SandboxServer()
        let url = try sandbox.start()
        helper = try Helper(environment: [
            "BUTLR_BASE_URL": url, "BUTLR_CLIENT_ID": "client_sandbox",
            "BUTLR_CLIENT_SECRET": "sandbox-secret",
        ])
        try helper.install(as: "butlr-credential")
    }

    deinit { sandbox.stop() }
}

extension ScriptedServer {
    /// The `Authorization` headers of the requests for a path, an empty text for one without.
    func authorizations(_ path: String) -> [String] {
        requests.filter { $0.path == path }.map { $0.header("Authorization") ?? "" }
    }

    /// A server that accepts one token, as a bearer token.
    static func accepting(_ token: String) throws -> ScriptedServer {
        try ScriptedServer { request, _ in
            request.header("Authorization") == "Bearer \(token)"
                ? .http("welcome") : .http("no", status: 401)
        }
    }
}
