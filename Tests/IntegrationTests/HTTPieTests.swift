import TestSupport
import Testing

@Suite(.clients("http", "bash")) struct HTTPieTests {
    @Test func carriesTheToken() async throws {
        let setup = try Shell(page: "httpie/README.md", 0, server: "https://api.example.com")
        let result = try await setup.run()
        #expect(result.status == 0, "\(result)")
        #expect(result.output == "open\n")
    }

    @Test func renewsAfterExpiry() async throws {
        let setup = try Shell(page: "httpie/README.md", 0, server: "https://api.example.com", lifetime: 1)
        try await setup.realm.expectRenewal { try await setup.run() }
        #expect(Set(setup.realm.shown).count == 2)
    }

    @Test func sendsNothingToAForeignServer() async throws {
        let setup = try Shell(page: "httpie/README.md", 0, server: "https://api.example.com")
        try setup.helper.config(setup.realm.profile(urls: ["https://api.example.com/"]))
        let result = try await setup.run()
        #expect(result.errors.contains("no profile lists"), "\(result)")
        #expect(setup.realm.shown.joined() == "")
        #expect(setup.realm.logins == 0)
    }
}
