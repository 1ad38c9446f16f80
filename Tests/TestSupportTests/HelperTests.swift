import Testing

@testable import TestSupport

@Suite struct HelperTests {
    @Test func hasAHomeOfItsOwn() async throws {
        let helper = try Helper(environment: ["EXTRA": "1", "TAKEN": "2"])
        try helper.config("[profile \"a\"]\n")
        #expect(try helper.home.mode(".config/butlr-credential/config") == 0o600)
        #expect(try helper.home.files() == [".config/butlr-credential/config"])
        #expect(try helper.cacheFolder.list() == [])

        let result = try await helper.client("env", environment: ["TAKEN": nil, "MORE": "3"]).run()
        let variables = Set(result.output.split(separator: "\n").filter { !$0.hasPrefix("PATH=") })
        #expect(variables == ["HOME=\(helper.home.path)", "EXTRA=1", "MORE=3"])
    }

    @Test func isFoundUnderTheNamesThatToolsUse() async throws {
        let helper = try Helper()
        try helper.install(as: "git-credential-butlr", "docker-credential-butlr")
        let result = try await helper.client("sh", ["-c", "command -v git-credential-butlr"]).run()
        #expect(result.output == "\(helper.home.path)/bin/git-credential-butlr\n")
        #expect(Program.find(helper.home.path("bin/docker-credential-butlr")) != nil)
    }

    @Test func saysWhatIsNotBuilt() {
        #expect(throws: Helper.NotBuilt.self) { try Helper.builtExecutable("butlr-nothing") }
    }

    @Test func skipsUnlessRequired() throws {
        #expect(try requireClient("sh") == Program.find("sh"))
        #expect(try arePresent(["sh", "cat"], required: ["sh"]))
        #expect(try !arePresent(["sh", "no-such-client"], required: ["sh"]))
        #expect(throws: MissingClient(name: "no-such-client")) {
            try arePresent(["nor-such-a-one", "no-such-client"], required: ["sh", "no-such-client"])
        }
    }
}
