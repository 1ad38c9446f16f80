import TestSupport
import Testing

/// What takes longer than a second is said on a terminal, and only there.
@Suite struct WaitingTests {
    static let erased = "\r\u{1B}[K"

    private func account() async throws -> Account {
        let account = try Account()
        try await account.logIn()
        account.sandbox.configure { $0.latency = 2500 }
        return account
    }

    /// A provider that answers once the gate is open, and somebody who has an account there.
    private func slowProvider() throws -> (Gate, ScriptedServer, Helper) {
        let gate = try Gate()
        let server = try ScriptedServer { _, _ in
            gate.wait()
            return .json(#"{"access_token":"a","token_type":"Bearer","expires_in":3600}"#)
        }
        let helper = try Helper(environment: ["TERM": "xterm"])
        try helper.config(
            """
            [profile "default"]
                base-url = \(server.url)
                client-id = x
                client-secret = plain:y
                timeout = 5m

            """)
        return (gate, server, helper)
    }

    @Test(arguments: [["token"], ["exec", "--", "true"]])
    func saysWhatIsWaitedForAndTakesItBack(_ command: [String]) async throws {
        let (gate, server, helper) = try slowProvider()
        defer { server.stop() }
        let terminal = try Terminal(
            helper.program(command), columns: 60, input: "/dev/null", output: helper.home.path("output"))
        try await terminal.expect("waiting for ")
        gate.open()
        let end = try await terminal.wait()
        #expect(end.exit == .status(0))
        let parts = end.screen.split(separator: Self.erased, omittingEmptySubsequences: false)
        #expect(parts.count == 2 && parts[1].isEmpty, "\(end.screen)")
        #expect(parts[0].hasPrefix("\rbutlr-credential: waiting for http"))
        // One line, and not quite all of it.
        #expect(parts[0].dropFirst().count <= 59 && !parts[0].contains("\n"))
    }

    @Test func saysThatAnotherProcessIsWaitedFor() async throws {
        let (gate, server, helper) = try slowProvider()
        let first = try helper.start("token")
        // Its request has been sent, so it has the lock.
        _ = try await server.waitForRequests(1)
        let terminal = try Terminal(helper.program(["token"]))
        try await terminal.expect("waiting for another process's token request, until ")
        gate.open()
        try await terminal.expect(Self.erased)
        #expect(try await terminal.wait().exit == .status(0))
        #expect(try await first.wait().status == 0)
        #expect(server.requests.count == 1)
    }

    @Test func isSilentWhereALineCannotBeTakenBack() async throws {
        let account = try await account()
        for environment in [["TERM": "dumb"], ["TERM": nil]] as [[String: String?]] {
            let end = try await account.terminal("token", "--force-refresh", environment: environment).wait()
            #expect(!end.screen.contains("waiting"), "\(end.screen)")
        }
        let piped = try await account.helper.run("token", "--force-refresh")
        #expect(piped.errors.isEmpty)
    }

    @Test func isSilentWhereAToolAsks() async throws {
        let account = try await account()
        try account.helper.home.remove(".cache")
        try account.helper.home.write("request", "protocol=http\nhost=\(account.url.dropFirst(7))\n\n")
        let end = try await account.terminal("git", "get", input: account.helper.home.path("request")).wait()
        #expect(end.screen.contains("password="))
        #expect(!end.screen.contains("waiting") && !end.screen.contains("\u{1B}"))
    }

    @Test func isSilentWhereItIsQuick() async throws {
        let account = try Account()
        try await account.logIn()
        let end = try await account.terminal("token", "--force-refresh").wait()
        #expect(!end.screen.contains("waiting") && !end.screen.contains("\u{1B}"))
    }
}
