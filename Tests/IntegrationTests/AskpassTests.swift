import TestSupport
import Testing

/// What asks a person for a password, and gets a token of a program: git, and ssh, which gets none.
@Suite struct AskpassTests {
    @Test(.clients("git")) func answersGit() async throws {
        let setup = try gitSetup()
        for _ in 1...2 {
            let result = try await setup.run(environment: gitEnvironment)
            #expect(result.status == 0, "\(result)")
            #expect(result.output.contains("refs/heads/main"))
        }
        #expect(setup.realm.logins == 1)
    }

    @Test(.clients("git")) func renewsAfterExpiry() async throws {
        let setup = try gitSetup(lifetime: 1)
        try await setup.realm.expectRenewal { try await setup.run(environment: gitEnvironment) }
    }

    @Test(.clients("git")) func leavesAForeignServerToGit() async throws {
        let setup = try gitSetup()
        try setup.helper.config(setup.realm.profile(urls: ["https://git.example.com/"]))
        let result = try await setup.run(environment: gitEnvironment)
        #expect(result.status == 128)
        #expect(result.errors.contains("no profile lists"), "\(result)")
        #expect(result.errors.contains("terminal prompts disabled"), "\(result)")
        #expect(setup.realm.shown == [])
        #expect(setup.realm.logins == 0)
    }

    @Test(.clients("ssh-keygen")) func givesSSHNothing() async throws {
        let helper = try Helper()
        try helper.install(as: "butlr-askpass")
        let key = helper.home.path("key")
        let made = try await helper.client(
            "ssh-keygen", ["-q", "-t", "ed25519", "-N", "passphrase", "-f", key]
        ).run()
        #expect(made.status == 0, "\(made)")
        let result = try await helper.client(
            "ssh-keygen", ["-y", "-f", key],
            environment: ["SSH_ASKPASS": "butlr-askpass", "SSH_ASKPASS_REQUIRE": "force"]
        ).run()
        #expect(result.status == 255, "\(result)")
        #expect(result.errors.contains("is not one for a user name or password of a URL"), "\(result)")
    }

    private var gitEnvironment: [String: String?] {
        ["GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"]
    }

    private func gitSetup(lifetime: Int = 3600) throws -> GitSetup { try GitSetup(lifetime: lifetime) }
}

private struct GitSetup {
    let helper: Helper
    let realm: Realm

    init(lifetime: Int) throws {
        realm = try Realm(.basic(user: "oauth2"), lifetime: lifetime) { request in
            guard request.path == "/team/project.git/info/refs" else { return .http(status: 404) }
            // What a repository with one branch announces (gitprotocol-http, gitprotocol-pack).
            let branch = "0000000000000000000000000000000000000001 refs/heads/main\0agent=test\n"
            return .http(
                "001e# service=git-upload-pack\n0000" + "0048" + branch + "0000",
                headers: [("Content-Type", "application/x-git-upload-pack-advertisement")])
        }
        helper = try Helper()
        try helper.install(as: "butlr-askpass")
        try helper.config(realm.profile())
    }

    func run(environment: [String: String?]) async throws -> Program.Outcome {
        let command = try Integration.commands(
            "askpass/README.md", ["https://git.example.com": realm.url])[0]
        return try await helper.client("sh", ["-c", command], environment: environment).run()
    }
}
