import Platform
import TestSupport
import Testing

/// A user with a token worth stealing: a profile `default` whose token is for `https://good.example/` alone.
struct Victim: Sendable {
    static let token = "canary-token-7Qx"
    static let secret = "canary-secret-9Zk"

    let helper: Helper
    let provider: ScriptedServer

    /// - Parameters:
    ///   - lines: further ones of the profile.
    ///   - secret: where the client secret is; `nil` where there is none.
    ///   - reply: what the provider answers instead of a token.
    ///   - before: called before each answer, which may wait in it.
    init(
        _ lines: String..., secret: String? = "plain:\(Victim.secret)",
        reply: ScriptedServer.Reply = Victim.success,
        environment: [String: String?] = [:], before: @escaping @Sendable (_ index: Int) -> Void = { _ in }
    ) throws {
        provider = try ScriptedServer { _, index in
            before(index)
            return reply
        }
        helper = try Helper(environment: environment)
        try configure(tokenEndpoint: provider.url + "/token", secret: secret, lines)
    }

    static let success = ScriptedServer.Reply.json(
        #"{"access_token":"\#(token)","token_type":"Bearer","expires_in":3600}"#)

    func configure(tokenEndpoint: String, secret: String? = "plain:\(Victim.secret)", _ lines: [String] = [])
        throws
    {
        let profile =
            [
                "provider = oauth2", "token-endpoint = \(tokenEndpoint)", "client-id = cli",
                "url = https://good.example/", "renew-ahead = off",
            ] + (secret.map { ["client-secret = \($0)"] } ?? []) + lines
        try helper.config("[profile \"default\"]\n" + profile.map { "    \($0)\n" }.joined())
    }

    /// Has a token stored, so that whoever is served is served at once.
    func seed() async throws {
        let result = try await helper.run("token")
        try #require(result.output == Victim.token + "\n", "\(result)")
    }
}

extension Program.Outcome {
    /// The native protocol's word for what went wrong.
    var errorCode: String? { (try? JSON(parsing: outputBytes))?["error"]?["code"]?.string }

    /// Everything printed.
    var everything: String { output + errors }
}

/// What was printed holds nothing secret.
func expectNoCanary(_ result: Program.Outcome, sourceLocation: SourceLocation = #_sourceLocation) {
    for canary in [Victim.token, Victim.secret, "canary"] {
        #expect(!result.everything.contains(canary), "\(result)", sourceLocation: sourceLocation)
    }
}

/// Nothing in a text does anything to a terminal but end lines.
func expectHarmless(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
    for scalar in text.unicodeScalars where scalar != "\n" {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator:
            Issue.record(
                "\(scalar.debugDescription) in \(text.debugDescription)", sourceLocation: sourceLocation)
            return
        default: break
        }
    }
}
