import TestSupport
import Testing

/// skopeo, which shares its way to credentials with podman and buildah (the library containers/image).
@Suite(.clients("skopeo", "openssl", "python3")) struct ContainersTests {
    /// The two configs in the folder: for one registry, and for all.
    enum Config: CaseIterable {
        case auth, registries
    }

    @Test(arguments: Config.allCases) func asksTheHelperForTheRegistry(_ config: Config) async throws {
        let setup = try await Setup(config)
        let result = try await setup.skopeo("inspect", "--tls-verify=false", setup.image)
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains(#""RepoTags""#))
        let copy = try await setup.skopeo(
            "--insecure-policy", "copy", "--src-tls-verify=false", setup.image,
            "dir:\(setup.helper.home.path("image"))")
        #expect(copy.status == 0, "\(copy)")
        #expect(setup.helper.home.exists("image/manifest.json"))
        #expect(setup.realm.logins == 1)
    }

    @Test func renewsAfterExpiry() async throws {
        let setup = try await Setup(.auth, lifetime: 1)
        try await setup.realm.expectRenewal {
            try await setup.skopeo("inspect", "--raw", "--tls-verify=false", setup.image)
        }
    }

    @Test func loginFindsWhatTheHelperHas() async throws {
        let setup = try await Setup(.auth)
        let result = try await setup.skopeo("login", "--tls-verify=false", setup.registry)
        #expect(result.status == 0, "\(result)")
        #expect(result.output.contains("Already logged in"), "\(result)")
    }

    @Test func logoutMakesRoomForANewToken() async throws {
        let setup = try await Setup(.auth)
        let inspect = ["inspect", "--raw", "--tls-verify=false", setup.image]
        #expect(try await setup.skopeo(inspect).status == 0)
        setup.realm.revokeTokens()
        #expect(try await setup.skopeo(inspect).status == 1)
        let file = setup.helper.home.path(".config/containers/auth.json")
        let logout = try await setup.skopeo("logout", "--authfile", file, setup.registry)
        #expect(logout.status == 0, "\(logout)")
        let result = try await setup.skopeo(inspect)
        #expect(result.status == 0, "\(result)")
    }

    @Test func sendsNothingToAForeignRegistry() async throws {
        let setup = try await Setup(.registries)
        try setup.helper.config(setup.realm.profile(urls: ["https://registry.example.com/"]))
        let result = try await setup.skopeo("inspect", "--tls-verify=false", setup.image)
        #expect(result.status == 1)
        // What skopeo sends for an anonymous user: an empty name and an empty password.
        #expect(setup.realm.shown.filter { $0 != "Basic Og==" } == [])
        #expect(setup.realm.logins == 0)
    }

    @Test func saysWhyThereIsNoToken() async throws {
        let setup = try await Setup(.auth)
        try setup.helper.config(setup.realm.profile(urls: ["https://\(setup.registry)/"], "cargo-token = x"))
        let result = try await setup.skopeo("inspect", "--tls-verify=false", setup.image)
        #expect(result.status == 1)
        #expect(result.errors.contains("cargo-token"), "\(result)")
    }

    private struct Setup {
        let account: RegistryAccount
        var helper: Helper { account.helper }
        var realm: Realm { account.realm }
        var registry: String { account.registry }
        var image: String { "docker://\(registry)/team/image:latest" }

        init(_ config: Config, lifetime: Int = 3600) async throws {
            account = try await RegistryAccount(lifetime: lifetime)
            switch config {
            case .auth:
                let text = try Integration.text(
                    "containers/auth.json", ["registry.example.com": account.registry])
                try account.helper.home.write(".config/containers/auth.json", text)
            case .registries:
                try account.helper.home.write(
                    ".config/containers/registries.conf.d/butlr.conf",
                    try Integration.text("containers/registries.conf"))
            }
        }

        func skopeo(_ arguments: [String]) async throws -> Program.Outcome {
            try await helper.client("skopeo", arguments).run()
        }

        func skopeo(_ arguments: String...) async throws -> Program.Outcome { try await skopeo(arguments) }
    }
}
