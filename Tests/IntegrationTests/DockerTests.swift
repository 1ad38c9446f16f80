import TestSupport
import Testing

/// The Docker CLI, without a daemon: `manifest inspect`, `login` and `logout` talk to the registry themselves.
@Suite(.clients("docker", "openssl", "python3")) struct DockerTests {
    @Test func asksTheHelperForTheRegistry() async throws {
        let setup = try await Setup()
        for _ in 1...2 {
            let result = try await setup.inspect()
            #expect(result.status == 0, "\(result)")
            #expect(result.output.contains("schemaVersion"))
        }
        #expect(setup.realm.logins == 1)
    }

    @Test func renewsAfterExpiry() async throws {
        let setup = try await Setup(lifetime: 1)
        try await setup.realm.expectRenewal { try await setup.inspect() }
    }

    @Test func logoutMakesRoomForANewToken() async throws {
        let setup = try await Setup()
        #expect(try await setup.inspect().status == 0)
        setup.realm.revokeTokens()
        #expect(try await setup.inspect().status == 1)
        let logout = try await setup.docker("logout", setup.registry)
        #expect(logout.status == 0, "\(logout)")
        let result = try await setup.inspect()
        #expect(result.status == 0, "\(result)")
    }

    @Test func loginSucceedsAndKeepsNothing() async throws {
        let setup = try await Setup()
        let token = try await setup.helper.run("token").output
        let login = try await setup.docker(
            "login", "-u", "oauth2accesstoken", "--password-stdin", setup.registry, input: .text(token))
        #expect(login.status == 0, "\(login)")
        #expect(!(try setup.helper.home.read(".docker/config.json").contains(#""auth":"#)))
        let logout = try await setup.docker("logout", setup.registry)
        #expect(logout.status == 0, "\(logout)")
    }

    @Test func sendsNothingToAForeignRegistry() async throws {
        let setup = try await Setup()
        // This asks the helper about every registry.
        try setup.helper.home.write(".docker/config.json", #"{"credsStore":"butlr"}"#)
        try setup.helper.config(setup.realm.profile(urls: ["https://registry.example.com/"]))
        let result = try await setup.inspect()
        #expect(result.status == 1)
        #expect(result.errors.contains("no basic auth credentials"), "\(result)")
        #expect(setup.realm.shown == [])
        #expect(setup.realm.logins == 0)
    }

    private struct Setup {
        let account: RegistryAccount
        var helper: Helper { account.helper }
        var realm: Realm { account.realm }
        var registry: String { account.registry }

        init(lifetime: Int = 3600) async throws {
            account = try await RegistryAccount(lifetime: lifetime)
            let config = try Integration.text(
                "docker/config.json", ["registry.example.com": account.registry])
            try account.helper.home.write(".docker/config.json", config)
        }

        func docker(
            _ arguments: String..., input: Program.Input = .null
        ) async throws -> Program.Outcome {
            let folder = helper.home.path(".docker")
            return try await helper.client("docker", ["--config", folder] + arguments).run(input: input)
        }

        func inspect() async throws -> Program.Outcome {
            try await docker("manifest", "inspect", "--insecure", "\(registry)/team/image:latest")
        }
    }
}
