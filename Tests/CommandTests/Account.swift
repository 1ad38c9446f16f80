import Sandbox
import TestSupport
import Testing

/// A person's home, and a provider that knows them.
final class Account: Sendable {
    /// The one secret that must never be seen: not on a terminal, not in an output, not in an error.
    static let canary = "canary-Zu7+secret;#\"x"

    let sandbox: SandboxServer
    let helper: Helper
    /// The sandbox's base URL.
    let url: String

    init(
        expiresIn: Int = 3600, latency: Int = 0, environment: [String: String?] = [:]
    ) throws {
        sandbox = SandboxServer(
            SandboxOptions(
                clients: ["client_ada": Account.canary, "public": ""],
                users: ["ada@example.com": Account.canary], expiresIn: expiresIn, latency: latency))
        url = try sandbox.start()
        helper = try Helper(
            environment: ["TERM": "xterm", "CANARY": Account.canary].merging(environment) { $1 })
    }

    deinit { sandbox.stop() }

    /// Runs a command to its end, without a terminal, and checks that it shows no secret.
    func run(
        _ arguments: String..., input: Program.Input = .null, environment: [String: String?] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Program.Outcome {
        let outcome = try await helper.program(arguments, environment: environment).run(input: input)
        checkForCanary("\(outcome.output)\(outcome.errors)", sourceLocation)
        return outcome
    }

    /// Logs in as the sandbox's client, by script.
    @discardableResult
    func logIn(
        _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Program.Outcome {
        let outcome = try await helper.program(
            ["login", "--no-input", "--base-url", url, "--client-id", "client_ada", "--secret-stdin"]
                + arguments
        ).run(input: .text(Account.canary + "\n"))
        checkForCanary("\(outcome.output)\(outcome.errors)", sourceLocation)
        try #require(outcome.status == 0, "\(outcome)", sourceLocation: sourceLocation)
        return outcome
    }

    /// Starts a command on a terminal.
    func terminal(
        _ arguments: String..., environment: [String: String?] = [:], columns: UInt16 = 80,
        input: String? = nil
    ) throws -> Terminal {
        try Terminal(helper.program(arguments, environment: environment), columns: columns, input: input)
    }

    var config: String { (try? helper.configFolder.read("config")) ?? "" }

    /// What lies in the home, but for locks, which stay.
    var files: [String] {
        get throws { try helper.home.files().filter { !$0.hasSuffix(".lock") && !$0.hasSuffix("/key") } }
    }
}

func checkForCanary(_ text: String, _ sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(!text.contains("canary"), sourceLocation: sourceLocation)
}

extension Terminal {
    /// Waits for the end and checks that no secret was shown.
    func end(sourceLocation: SourceLocation = #_sourceLocation) async throws -> End {
        let end = try await wait()
        checkForCanary(end.screen, sourceLocation)
        #expect(isEchoing, sourceLocation: sourceLocation)
        return end
    }
}
