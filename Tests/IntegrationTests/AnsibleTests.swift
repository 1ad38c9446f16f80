import TestSupport
import Testing

@Suite(.clients("ansible-playbook")) struct AnsibleTests {
    @Test func looksTheTokenUp() async throws {
        let setup = try Setup()
        let result = try await setup.play()
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains(#""things.content": "open\n""#), "\(result)")
        #expect(setup.realm.logins == 1)
    }

    @Test func renewsAfterExpiry() async throws {
        let setup = try Setup(lifetime: 1)
        try await setup.realm.expectRenewal { try await setup.play() }
    }

    @Test func failsForAForeignServer() async throws {
        let setup = try Setup()
        try setup.helper.config(setup.realm.profile(urls: ["https://api.example.com/"]))
        let result = try await setup.play()
        #expect(result.status == 2, "\(result)")
        #expect(setup.realm.shown == [])
        #expect(setup.realm.logins == 0)
    }

    private struct Setup {
        let helper: Helper
        let realm: Realm

        init(lifetime: Int = 3600) throws {
            realm = try Realm(lifetime: lifetime)
            helper = try Helper()
            try helper.install(as: "butlr-credential")
            try helper.config(realm.profile())
            try helper.home.write(
                "fetch.yml", try Integration.text("ansible/fetch.yml", ["https://api.example.com": realm.url])
            )
        }

        func play() async throws -> Program.Outcome {
            try await helper.client(
                "sh", ["-c", try Integration.commands("ansible/README.md")[0]],
                environment: ["LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1"]
            ).run()
        }
    }
}
