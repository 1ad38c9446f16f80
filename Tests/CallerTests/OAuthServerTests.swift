import Platform
import TestSupport
import Testing

/// An OAuth 2.0 server that nobody here wrote: NanoIDP, from PyPI.
@Suite(.client(in: "BUTLR_TEST_NANOIDP")) struct OAuthServerTests {
    /// A running server and profiles for it.
    struct Setup {
        let helper: Helper
        private let server: RunningProgram

        init() async throws {
            let helper = try Helper()
            // It takes no port of the system's choice; nothing else binds this one between its two owners,
            // as a rule, and another is tried where something did.
            var server: RunningProgram?
            var port: UInt16 = 0
            for _ in 0..<5 where server == nil {
                port = try ScriptedServer.ClosedPort().port
                try Setup.configure(helper, port)
                server = try await Setup.start(helper)
            }
            self.helper = helper
            self.server = try #require(server)
            try helper.config(
                [
                    Setup.profile(
                        "client-basic", port, "client-id = cli\nclient-secret = plain:s3cret\nscope = read"),
                    Setup.profile(
                        "client-post", port,
                        "client-auth = post\nclient-id = cli-post\nclient-secret = plain:post-s3cret\nscope = read"
                    ),
                    Setup.profile(
                        "user-basic", port,
                        "client-id = cli\nclient-secret = plain:s3cret\n\(Setup.ada)"),
                    Setup.profile(
                        "user-post", port,
                        "client-auth = post\nclient-id = cli-post\nclient-secret = plain:post-s3cret\n\(Setup.ada)"
                    ),
                    Setup.profile(
                        "user-none", port, "client-auth = none\nclient-id = cli-public\n\(Setup.ada)"),
                    Setup.profile(
                        "wrong-secret", port, "client-id = cli\nclient-secret = plain:wrong\nscope = read"),
                    Setup.profile(
                        "wrong-client", port, "client-id = who\nclient-secret = plain:s3cret\nscope = read"),
                    Setup.profile(
                        "wrong-authentication", port,
                        "client-id = cli-post\nclient-secret = plain:post-s3cret\nscope = read"),
                    Setup.profile(
                        "wrong-scope", port, "client-id = cli\nclient-secret = plain:s3cret\nscope = fly"),
                    Setup.profile(
                        "wrong-grant", port, "client-auth = none\nclient-id = cli-public\nscope = read"),
                    Setup.profile(
                        "wrong-password", port,
                        "client-id = cli\nclient-secret = plain:s3cret\n"
                            + Setup.ada.replacing("engine", with: "wheel")),
                ].joined())
        }

        private static let ada =
            "grant = password\nusername = ada\npassword = plain:engine\nscope = openid read offline_access"

        private static func profile(_ name: String, _ port: UInt16, _ lines: String) -> String {
            """
            [profile "\(name)"]
            provider = oauth2
            token-endpoint = http://127.0.0.1:\(port)/token
            \(lines)

            """
        }

        private static func configure(_ helper: Helper, _ port: UInt16) throws {
            try helper.home.write(
                "server/settings.yaml",
                """
                config_version: 1
                server: {host: "127.0.0.1", port: \(port)}
                oauth:
                  issuer: "http://127.0.0.1:\(port)"
                  audience: "api"
                  token_expiry_minutes: 1
                  refresh_token_rotation: true
                  scopes_supported: ["openid", "offline_access", "read"]
                  clients:
                    - {client_id: "cli", client_secret: "s3cret", allowed_scopes: ["openid", "offline_access", "read"]}
                    - {client_id: "cli-post", client_secret: "post-s3cret", token_endpoint_auth_method: "client_secret_post"}
                    - {client_id: "cli-public", token_endpoint_auth_method: "none", redirect_uris: ["http://127.0.0.1/"]}

                """)
            try helper.home.write(
                "server/users.yaml",
                """
                config_version: 1
                users:
                  ada: {password: "engine", email: "ada@example.org", roles: ["USER"], tenant: "default"}

                """)
        }

        /// - Returns: `nil` when it ends instead, as when its port is taken.
        private static func start(_ helper: Helper) async throws -> RunningProgram? {
            var program = helper.client(
                clientPath(in: "BUTLR_TEST_NANOIDP") ?? "nanoidp", ["--config", "."],
                environment: ["PYTHONUNBUFFERED": "1"])
            program.workingDirectory = helper.home.path("server")
            program.timeLimit = nil
            let server = try program.start()
            while let line = try await server.readErrorLine() {
                if line.contains("Running on http://") { return server }
            }
            return nil
        }

        func get(_ profile: String, _ input: String = "") async throws -> Program.Outcome {
            try await helper.run("get", "--profile", profile, input: .text(input))
        }

        func answer(_ profile: String, _ input: String = "") async throws -> JSON {
            let result = try await get(profile, input)
            try #require(result.status == 0, "\(result)")
            return try JSON(parsing: result.outputBytes)
        }

        func stop() async { await server.kill() }
    }

    /// Both grants, each way in which a client can prove itself; refresh with rotation; all that can go wrong.
    @Test func isUnderstoodAsAWhole() async throws {
        let setup = try await Setup()
        var tokens: Set<String> = []
        for profile in ["client-basic", "client-post", "user-basic", "user-post", "user-none"] {
            let answer = try await setup.answer(profile)
            let token = try #require(answer["access_token"]?.string)
            #expect(tokens.insert(token).inserted)
            #expect(answer["source"] == "login")
            #expect(answer["scope"]?.string?.contains("read") == true, "\(profile)")
            #expect((answer["id_token"] != nil) == profile.hasPrefix("user"), "\(profile)")
            let again = try await setup.answer(profile)
            #expect(again["source"] == "cache")
            #expect(again["access_token"]?.string == token)
        }

        for profile in ["user-basic", "user-post", "user-none"] {
            try await redeems(profile, setup)
        }

        for (profile, code, word) in [
            ("wrong-secret", "config", "invalid_client"), ("wrong-client", "config", "invalid_client"),
            ("wrong-authentication", "config", "invalid_client"), ("wrong-scope", "config", "invalid_scope"),
            ("wrong-grant", "config", "unauthorized_client"),
            ("wrong-password", "credentials-rejected", "invalid_grant"),
        ] {
            let outcome = try Outcome(try await setup.get(profile))
            #expect(outcome.code == code, "\(profile): \(outcome)")
            #expect(outcome.message.contains(word), "\(profile): \(outcome)")
        }
        await setup.stop()
    }

    /// A refresh token serves once. When an old copy of it is redeemed, the server refuses, and the password gets
    /// another.
    private func redeems(_ profile: String, _ setup: Setup) async throws {
        let state = setup.helper.stateFolder
        let old = try contents(of: state, profile)
        let first = try await setup.answer(profile, #"{"min_ttl":3600}"#)
        #expect(first["source"] == "refresh", "\(profile)")
        let second = try await setup.answer(profile, #"{"min_ttl":3600}"#)
        #expect(second["source"] == "refresh", "\(profile)")
        #expect(second["access_token"] != first["access_token"])

        for (file, bytes) in old { try state.write(file, bytes) }
        let third = try await setup.answer(profile, #"{"min_ttl":3600}"#)
        #expect(third["source"] == "login", "\(profile)")
        let fourth = try await setup.answer(profile, #"{"min_ttl":3600}"#)
        #expect(fourth["source"] == "refresh", "\(profile)")
    }

    /// The files of one profile, whatever they hold.
    private func contents(of folder: Folder, _ profile: String) throws -> [(String, [UInt8])] {
        let files = try folder.files().filter { $0.contains(profile) }
        #expect(!files.isEmpty)
        return try files.map { ($0, try folder.readBytes($0)) }
    }
}
