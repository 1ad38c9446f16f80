import Platform
import TestSupport
import Testing

/// The helper with a profile `default`, whose provider hands out known tokens: `sesame`, then `sesame-2`,
/// `sesame-3` and so on.
final class Account: Sendable {
    let helper: Helper
    let provider: ScriptedServer

    /// - Parameters:
    ///   - token: the first token's text.
    ///   - lifetime: of all tokens, in seconds.
    ///   - members: further members of the token response, each with a comma before it.
    ///   - profile: further lines of the profile, its URLs among them.
    ///   - refusal: what the provider answers instead of tokens.
    init(
        token: String = "sesame", lifetime: Int64 = 3600, members: String = "",
        profile: String = "url = https://git.example.com/", refusal: ScriptedServer.Reply? = nil,
        environment: [String: String?] = [:]
    ) throws {
        provider = try ScriptedServer { _, index in
            let text = JSON.string(index == 0 ? token : "\(token)-\(index + 1)").serialized
            return refusal
                ?? .json(
                    #"{"access_token":\#(text),"token_type":"Bearer","expires_in":\#(lifetime)\#(members)}"#)
        }
        helper = try Helper(environment: environment)
        try helper.config(Account.config(provider.url, profile))
    }

    private static func config(_ provider: String, _ profile: String) -> String {
        """
        [profile "default"]
            provider = oauth2
            token-endpoint = \(provider)/token
            client-id = cli
            client-secret = plain:s3cret
            \(profile)
        """
    }

    /// Another config, whose profile `default` has another provider.
    ///
    /// - Returns: its path.
    func configured(tokenEndpoint provider: String) throws -> String {
        try helper.configFolder.write("another", Account.config(provider, ""))
        return helper.configFolder.path("another")
    }

    /// Has the first token obtained and kept.
    ///
    /// - Returns: when it ends, in whole seconds.
    @discardableResult
    func seed(lifetime: Int64 = 3600) async throws -> Timestamp {
        let before = Clock.system.now()
        let result = try await helper.run("token", "--format", "json")
        let after = Clock.system.now()
        try #require(result.status == 0, "\(result)")
        let text = try JSON(parsing: result.outputBytes)["expires"]?.string
        let moments = (before.seconds...after.seconds).map { Timestamp(seconds: $0 + lifetime) }
        return try #require(moments.first { $0.rfc3339 == text }, "\(result)")
    }

    /// Whether nothing at all has been done: no request sent, no file made.
    var isUntouched: Bool {
        get throws {
            try provider.connectionCount == 0 && helper.home.files() == [".config/butlr-credential/config"]
        }
    }
}

extension String {
    /// A transcript with the end of the token put in: `EXPIRY` as Unix seconds, `TIME` as RFC 3339.
    func ending(_ expires: Timestamp) -> String {
        replacing("EXPIRY", with: String(expires.seconds)).replacing("TIME", with: expires.rfc3339)
    }
}

/// A program's answer: what a caller sees of it.
struct Answer: Equatable, CustomStringConvertible {
    var output: String
    var errors = ""
    var status: Int32? = 0

    init(_ output: String, errors: String = "", status: Int32 = 0) {
        (self.output, self.errors, self.status) = (output, errors, status)
    }

    init(_ outcome: Program.Outcome) {
        (output, errors, status) = (outcome.output, outcome.errors, outcome.status)
    }

    var description: String { "status \(status ?? -1)\n--- output\n\(output)--- errors\n\(errors)---" }
}
