import TestSupport
import Testing

@Suite(.clients("wget", "bash")) struct WgetTests {
    @Test func asksForUserNameAndPassword() async throws {
        let setup = try setup()
        for _ in 1...2 {
            let result = try await setup.run()
            #expect(result.status == 0, "\(result)")
            #expect(result.output == "open\n")
        }
        #expect(setup.realm.logins == 1)
    }

    @Test func asksTheProgramInItsConfig() async throws {
        let setup = try setup()
        let config = try Integration.text(
            "wget/wgetrc",
            ["/usr/local/bin/butlr-askpass": setup.helper.home.path("bin/butlr-askpass")])
        try setup.helper.home.write(".wgetrc", config)
        let result = try await setup.helper.client("wget", ["-q", "-O", "-", setup.realm.url]).run()
        #expect(result.status == 0, "\(result)")
        #expect(result.output == "open\n")
    }

    @Test func renewsAfterExpiry() async throws {
        let setup = try setup(lifetime: 1)
        try await setup.realm.expectRenewal { try await setup.run() }
    }

    @Test func stopsAtAForeignServer() async throws {
        let setup = try setup()
        try setup.helper.config(setup.realm.profile(urls: ["https://files.example.com/"]))
        let result = try await setup.run()
        #expect(result.status == 1)
        #expect(result.errors.contains("no profile lists"), "\(result)")
        #expect(setup.realm.shown == [])
        #expect(setup.realm.logins == 0)
    }

    @Test func carriesABearerTokenInAFile() async throws {
        let setup = try Shell(page: "wget/README.md", 1, server: "https://files.example.com")
        let result = try await setup.run()
        #expect(result.output == "open\n", "\(result)")
        #expect(!setup.helper.home.exists(".wget-token"))
    }

    /// wget 1.21 asks without the port, so that is how the profile lists the server.
    private func setup(lifetime: Int = 3600) throws -> Shell {
        let setup = try Shell(
            page: "wget/README.md", 0, server: "https://files.example.com", .basic(user: "oauth2"),
            lifetime: lifetime)
        try setup.helper.config(setup.realm.profile(urls: ["http://127.0.0.1/"]))
        return setup
    }
}
