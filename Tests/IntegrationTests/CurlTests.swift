import TestSupport
import Testing

@Suite(.clients("curl", "bash")) struct CurlTests {
    /// The command lines of the page, by their place.
    @Test(arguments: [0, 1]) func carriesTheToken(_ index: Int) async throws {
        let setup = try Shell(page: "curl/README.md", index, server: "https://api.example.com")
        let result = try await setup.run()
        #expect(result.status == 0, "\(result)")
        #expect(result.output == "open\n")
        #expect(try await setup.run().output == "open\n")
        #expect(setup.realm.logins == 1)
    }

    @Test func renewsAfterExpiry() async throws {
        let setup = try Shell(page: "curl/README.md", 0, server: "https://api.example.com", lifetime: 1)
        try await setup.realm.expectRenewal { try await setup.run() }
        #expect(Set(setup.realm.shown).count == 2)
    }

    @Test(arguments: [0, 1]) func sendsNothingToAForeignServer(_ index: Int) async throws {
        let setup = try Shell(page: "curl/README.md", index, server: "https://api.example.com")
        try setup.helper.config(setup.realm.profile(urls: ["https://api.example.com/"]))
        let result = try await setup.run()
        #expect(result.errors.contains("no profile lists"), "\(result)")
        #expect(setup.realm.shown == [])
        #expect(setup.realm.logins == 0)
    }
}
