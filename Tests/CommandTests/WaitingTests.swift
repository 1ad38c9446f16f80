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

    @Test(arguments: [["token"], ["exec", "--", "true"]])
    func saysWhatIsWaitedForAndTakesItBack(_ command: [String]) async throws {
        let account = try await account()
        try account.helper.home.remove(".cache")
        let terminal = try Terminal(
            account.helper.program(command), columns: 60, input: "/dev/null",
            output: account.helper.home.path("output"))
        let end = try await terminal.end()
        #expect(end.exit == .status(0))
        let parts = end.screen.split(separator: Self.erased, omittingEmptySubsequences: false)
        #expect(parts.count == 2 && parts[1].isEmpty, "\(end.screen)")
        #expect(parts[0].hasPrefix("\rbutlr-credential: waiting for http"))
        // One line, and not quite all of it.
        #expect(parts[0].dropFirst().count <= 59 && !parts[0].contains("\n"))
    }

    @Test func saysThatAnotherProcessIsWaitedFor() async throws {
        let account = try await account()
        account.sandbox.configure { $0.latency = 6000 }
        try account.helper.home.remove(".cache")
        let first = try account.helper.start("token")
        // Its request has been sent, so it has the lock.
        while account.sandbox.requests.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
        let terminal = try account.terminal("token")
        try await terminal.expect("waiting for another process's token request, until ")
        try await terminal.expect(Self.erased)
        #expect(try await terminal.wait().exit == .status(0))
        #expect(try await first.wait().status == 0)
        #expect(account.sandbox.requests.count == 2)
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
