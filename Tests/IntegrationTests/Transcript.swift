import TestSupport
import Testing

/// A helper whose one profile serves `https://example.com/`, called as tools call it.
struct Transcript: Sendable {
    static let token = "t.o-k_e~n+/=="

    let helper: Helper
    let provider: ScriptedServer

    /// - Parameters:
    ///   - failure: how every token request ends, instead of with ``token`` for an hour.
    ///   - lines: further ones of the profile.
    init(_ failure: Failure? = nil, lines: String...) throws {
        let success = ScriptedServer.Reply.json(
            #"{"access_token":"\#(Transcript.token)","token_type":"Bearer","expires_in":3600}"#)
        provider = try ScriptedServer { _, _ in failure?.reply ?? success }
        helper = try Helper()
        let profile =
            [
                "provider = oauth2", "token-endpoint = \(provider.url)/token", "client-id = cli",
                "client-secret = \(failure == .missingSecret ? "env:NOT_SET" : "plain:s3cret")",
                "url = https://example.com/",
            ] + lines
        try helper.config("[profile \"default\"]\n" + profile.map { "    \($0)\n" }.joined())
    }

    /// Calls the helper by the name that a tool knows it by.
    func call(
        _ name: String, _ arguments: String..., input: Program.Input = .null
    ) async throws -> Program.Outcome {
        var program = helper.program(arguments)
        program.calledAs = name
        return try await program.run(input: input)
    }

    /// That no call has reached the network or left anything on the disk.
    func expectUntouched(sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(provider.connectionCount == 0, sourceLocation: sourceLocation)
        let files = try helper.home.files()
        #expect(files == [".config/butlr-credential/config"], sourceLocation: sourceLocation)
    }

    /// A class of failure, and what shows that it is the one.
    enum Failure: CaseIterable {
        case credentialsRejected, config, missingSecret, providerError, temporaryFailure

        fileprivate var reply: ScriptedServer.Reply {
            switch self {
            case .credentialsRejected: .json(#"{"error":"invalid_grant"}"#, status: 400)
            case .config, .missingSecret: .json(#"{"error":"invalid_client"}"#, status: 401)
            case .providerError: .http("<html>not here</html>", status: 404)
            // It is further away than any deadline.
            case .temporaryFailure: .http(status: 503, headers: [("Retry-After", "600")])
            }
        }

        /// The status where the tool's protocol has none of its own.
        var status: Int32 {
            switch self {
            case .credentialsRejected: 77
            case .config, .missingSecret: 78
            case .providerError: 69
            case .temporaryFailure: 75
            }
        }

        /// What the message for people says.
        var text: String {
            switch self {
            case .credentialsRejected: "invalid_grant"
            case .config: "invalid_client"
            case .missingSecret: "NOT_SET"
            case .providerError: "404"
            case .temporaryFailure: "503"
            }
        }
    }
}

/// Requests that no tool makes, as bytes.
enum Hostile {
    static let binary: [UInt8] = [0x00, 0xFF, 0xFE, 0x80, 0x0A, 0xC3, 0x28]
    static let deepJSON = String(repeating: "[", count: 100_000)
    /// Longer than any request may be.
    static let endless = String(repeating: "a", count: (1 << 20) + 100_000)
    /// Host names with something behind them that could be taken for another line or another host.
    static let hosts = [
        "example.com\r\nhost=evil.example", "example.com\nevil.example", "example.com\r", "example.com\u{0}",
        "evil.example#@example.com", "evil.example?example.com", "example.com@evil.example",
        "example.com evil",
        "example.com\\@evil.example", "example.com.evil.example", "evilexample.com", "example.com:444",
        "http://example.com", "ftp://example.com", "//example.com", "*", "*.com", "", " ", "..", "a..b",
        String(repeating: "a", count: 20_000) + ".example.com",
    ]
}
