import TestSupport
import Testing

/// git itself against git's own server behind a token.
@Suite(.clients("git")) struct GitClientTests {
    /// An account, a server with one repository, and a user's git that is told of the helper.
    struct Setup {
        let account: Account
        let server: GitServer
        let git: String
        let home: TemporaryFolder

        init(
            _ scheme: GitServer.Scheme = .basic, git: String = "git", lifetime: Int64 = 3600,
            accepting token: String = "sesame", refusal: ScriptedServer.Reply? = nil, isListed: Bool = true
        ) async throws {
            let account = try Account(lifetime: lifetime, profile: "", refusal: refusal)
            self.account = account
            self.git = git
            home = account.helper.home
            try account.helper.install(as: "git-credential-butlr")
            try home.write(
                ".gitconfig",
                """
                [user]
                    name = Ada
                    email = ada@example.com
                [init]
                    defaultBranch = main
                [credential]
                    helper =
                    helper = butlr
                """)
            server = try GitServer(of: home.path("served"), scheme, token: token, account.helper)
            if isListed {
                let config = try account.helper.configFolder.read("config")
                try account.helper.config("\(config)\n    url = \(server.url)/\n")
            }
            try await succeed("init", "-q", "--bare", "served/repo.git")
            try await succeed("init", "-q", "work")
            try await succeed("-C", "work", "commit", "-q", "--allow-empty", "-m", "First")
            try await succeed("-C", "work", "push", "-q", home.path("served/repo.git"), "main")
        }

        var url: String { "\(server.url)/repo.git" }

        func run(_ arguments: String...) async throws -> Program.Outcome {
            try await run(arguments)
        }

        private func run(_ arguments: [String]) async throws -> Program.Outcome {
            try await account.helper.client(
                git, arguments,
                environment: ["GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"]
            ).run()
        }

        @discardableResult
        func succeed(_ arguments: String...) async throws -> String {
            let result = try await run(arguments)
            try #require(result.status == 0, "git \(arguments): \(result)")
            return result.output
        }
    }

    @Test func clonesAndPushes() async throws {
        let setup = try await Setup()
        #expect(try await setup.succeed("ls-remote", setup.url).hasSuffix("\trefs/heads/main\n"))
        try await setup.succeed("clone", "-q", setup.url, "clone")
        try await setup.succeed("-C", "clone", "commit", "-q", "--allow-empty", "-m", "Second")
        try await setup.succeed("-C", "clone", "push", "-q")
        let subjects = try await setup.succeed(
            "-C", "served/repo.git", "log", "--format=%s", "main")
        #expect(subjects == "Second\nFirst\n")
        // git tells the helper to store what it came from, and nothing changes.
        #expect(setup.account.provider.requests.count == 1)
    }

    /// git 2.46 and later send the scheme that a server asks for.
    @Test(.client(in: "BUTLR_TEST_NEWER_GIT"), arguments: [GitServer.Scheme.bearer, .basic])
    func newerGitSendsTheScheme(scheme: GitServer.Scheme) async throws {
        let git = try #require(clientPath(in: "BUTLR_TEST_NEWER_GIT"))
        let setup = try await Setup(scheme, git: git)
        try await setup.succeed("clone", "-q", setup.url, "clone")
        #expect(!setup.server.credentials.isEmpty)
        #expect(setup.server.credentials.allSatisfy { $0.hasPrefix(scheme.rawValue + " ") })
        #expect(setup.account.provider.requests.count == 1)

        // It goes on with another token when the first is refused, and gives up when that is refused, too.
        setup.server.accept("sesame-2")
        try await setup.succeed("ls-remote", setup.url)
        #expect(setup.account.provider.requests.count == 2)
        setup.server.accept("none")
        let refused = try await setup.run("ls-remote", setup.url)
        #expect(refused.errors.contains("Authentication failed"), "\(refused)")
        #expect(setup.account.provider.requests.count == 3)
    }

    @Test func renewsATokenThatHasExpired() async throws {
        let setup = try await Setup(lifetime: 3)
        try await setup.succeed("ls-remote", setup.url)
        setup.server.accept("sesame-2")
        try await Task.sleep(for: .milliseconds(3100))
        try await setup.succeed("ls-remote", setup.url)
        #expect(setup.account.provider.requests.count == 2)
    }

    /// git before 2.46 does not try again, but it says which token was refused, and the next command gets another.
    @Test func replacesATokenThatTheServerRefuses() async throws {
        let setup = try await Setup(accepting: "sesame-2")
        let refused = try await setup.run("ls-remote", setup.url)
        #expect(refused.status == 0 || refused.errors.contains("Authentication failed"), "\(refused)")
        try await setup.succeed("ls-remote", setup.url)
        #expect(setup.account.provider.requests.count == 2)
    }

    @Test func givesAForeignServerNothing() async throws {
        let setup = try await Setup(isListed: false)
        let result = try await setup.run("ls-remote", setup.url)
        #expect(result.status == 128)
        #expect(result.errors.contains("could not read Username"), "\(result)")
        #expect(!result.errors.contains("butlr-credential: "), "\(result)")
        #expect(setup.server.credentials.isEmpty)
        #expect(setup.account.provider.connectionCount == 0)
        #expect(try setup.account.helper.cacheFolder.list().isEmpty)
        #expect(try setup.account.helper.stateFolder.list().isEmpty)
    }

    /// Nobody is asked for a user name that could not help; git says the reason.
    @Test func stopsGitWithTheReason() async throws {
        let setup = try await Setup(refusal: .json(#"{"error":"invalid_client"}"#, status: 401))
        let result = try await setup.run("ls-remote", setup.url)
        #expect(result.status == 128)
        #expect(result.errors.contains("butlr-credential: profile \"default\": "), "\(result)")
        #expect(result.errors.contains("told us to quit"), "\(result)")
        #expect(!result.errors.contains("Username"), "\(result)")
        #expect(setup.server.credentials.isEmpty)
    }
}
