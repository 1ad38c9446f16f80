import TestSupport
import Testing

@Suite(.clients("cargo")) struct CargoTests {
    @Test(arguments: [Realm.Scheme.bare, .bearer])
    func asksTheHelperForTheRegistry(_ scheme: Realm.Scheme) async throws {
        let setup = try Setup(scheme)
        for _ in 1...2 {
            let result = try await setup.cargo("generate-lockfile")
            #expect(result.status == 0, "\(result)")
        }
        let owners = try await setup.cargo("owner", "--list", "--registry", "example", "hello")
        #expect(owners.status == 0, "\(owners)")
        #expect(owners.output == "ada (Ada)\n")
        #expect(setup.realm.logins == 1)
    }

    @Test func renewsAfterExpiry() async throws {
        let setup = try Setup(lifetime: 1)
        try await setup.realm.expectRenewal { try await setup.cargo("generate-lockfile") }
    }

    @Test func logoutMakesRoomForANewToken() async throws {
        let setup = try Setup()
        #expect(try await setup.cargo("generate-lockfile").status == 0)
        setup.realm.revokeTokens()
        let refused = try await setup.cargo("owner", "--list", "--registry", "example", "hello")
        #expect(refused.status == 101)
        #expect(refused.errors.contains("token rejected for `example`"), "\(refused)")
        let logout = try await setup.cargo("logout", "--registry", "example")
        #expect(logout.status == 0, "\(logout)")
        let result = try await setup.cargo("owner", "--list", "--registry", "example", "hello")
        #expect(result.status == 0, "\(result)")
    }

    @Test func loginObtainsATokenAndTakesNone() async throws {
        let setup = try Setup()
        let login = try await setup.cargo("login", "--registry", "example")
        #expect(login.status == 0, "\(login)")
        #expect(setup.realm.logins == 1)
        let given = try await setup.cargo("login", "--registry", "example", input: "typed\n")
        #expect(given.status == 101)
        #expect(given.errors.contains("cannot be stored"), "\(given)")
    }

    @Test func sendsNothingToAForeignRegistry() async throws {
        let setup = try Setup()
        try setup.helper.config(setup.realm.profile(urls: ["https://cargo.example.com/"]))
        let result = try await setup.cargo("generate-lockfile")
        #expect(result.status == 101)
        #expect(result.errors.contains("no credential providers could handle the request"), "\(result)")
        #expect(setup.realm.shown == [])
        #expect(setup.realm.logins == 0)
    }

    @Test func saysWhyThereIsNoToken() async throws {
        let setup = try Setup()
        try setup.helper.config(setup.realm.profile(urls: nil, "timeout = x"))
        let result = try await setup.cargo("generate-lockfile")
        #expect(result.status == 101)
        #expect(result.errors.contains("timeout"), "\(result)")
    }

    private struct Setup {
        let helper: Helper
        let realm: Realm

        init(_ scheme: Realm.Scheme = .bare, lifetime: Int = 3600) throws {
            realm = try Realm(scheme, lifetime: lifetime) { request in
                let base = "http://\(request.header("Host") ?? "")/index"
                switch request.path {
                case "/index/config.json":
                    return .json(#"{"dl":"\#(base)/dl","api":"\#(base)","auth-required":true}"#)
                case "/index/he/ll/hello":
                    let checksum = String(repeating: "0", count: 64)
                    return .http(
                        #"{"name":"hello","vers":"1.0.0","deps":[],"cksum":"\#(checksum)","features":{},"yanked":false}"#
                            + "\n")
                case "/index/api/v1/crates/hello/owners":
                    return .json(#"{"users":[{"id":1,"login":"ada","name":"Ada"}]}"#)
                default: return .http(status: 404)
                }
            }
            helper = try Helper()
            try helper.install(as: "cargo-credential-butlr")
            if case .bearer = scheme {
                try helper.config(realm.profile(urls: nil, "cargo-token = bearer"))
            } else {
                try helper.config(realm.profile())
            }
            let config = try Integration.text(
                "cargo/config.toml", ["https://cargo.example.com": "http://127.0.0.1:\(realm.port)"])
            try helper.home.write(".cargo/config.toml", config)
            try helper.home.write("crate/src/lib.rs", "")
            try helper.home.write(
                "crate/Cargo.toml",
                """
                [package]
                name = "demo"
                version = "0.1.0"
                edition = "2021"
                [dependencies]
                hello = { version = "1", registry = "example" }
                """)
        }

        func cargo(
            _ arguments: String..., input: Program.Input = .null
        ) async throws -> Program.Outcome {
            // rustup's `cargo` finds the real one below the user's own home.
            let home: [String: String] = .inherited("HOME", "RUSTUP_HOME")
            var cargo = helper.client(
                "cargo", arguments,
                environment: ["RUSTUP_HOME": home["RUSTUP_HOME"] ?? "\(home["HOME"] ?? "")/.rustup"])
            cargo.workingDirectory = helper.home.path("crate")
            return try await cargo.run(input: input)
        }
    }
}
