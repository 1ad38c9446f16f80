import Platform
import TestSupport
import Testing

/// What errors tell people to type is for the profile and the config file that the call was for.
@Suite struct NextStepTests {
    /// An account whose one profile, of a name that a shell would take apart, is in a file of that kind.
    private func account(_ lines: String...) async throws -> (Account, config: String) {
        let account = try Account()
        try account.helper.configFolder.remove("config")
        let text =
            ["[profile \"my work\"]", "base-url = \(account.url)", "client-id = client_sandbox"] + lines
        try account.home.write("my config", text.map { $0 + "\n" }.joined(), mode: 0o600)
        return (account, account.home.path("my config"))
    }

    /// How each of the commands ends.
    private func choice(_ config: String) -> String { " --profile 'my work' --config '\(config)'" }

    @Test func namesTheConfigFileThatWasNamed() async throws {
        let (account, config) = try await account("client-secret = env:NO_SUCH")
        let wrong = ["NO_SUCH": "wrong"]
        let url = "https://git.example.com/"
        let calls: [(arguments: [String], environment: [String: String?], hint: String)] = [
            (["token"], wrong, "or give others: butlr-credential login\(choice(config))\n"),
            // The second call asks nobody: it has the answer from the first.
            (["token"], wrong, "or give others: butlr-credential login\(choice(config))\n"),
            (
                ["token", "--url", url], [:],
                ": butlr-credential login\(choice(config)) --url https://git.example.com/\n"
            ),
            (["setup", "git", "--undo"], [:], ""),
            (["doctor", "--online"], wrong, "$ butlr-credential login\(choice(config))\n"),
        ]
        for (arguments, environment, hint) in calls {
            let named = try await account.helper.program(
                arguments + ["--profile", "my work", "--config", config], environment: environment
            ).run()
            #expect((named.output + named.errors).contains(hint), "\(named)")
            let variables = ["BUTLR_CONFIG": config, "BUTLR_PROFILE": "my work"].merging(environment) { $1 }
            let implied = try await account.helper.program(arguments, environment: variables).run()
            #expect((implied.output + implied.errors).contains(hint), "\(implied)")
        }
    }

    /// The failure that was remembered in one config's name is mended in the other's.
    @Test func aRememberedFailureIsMendedInTheCallersOwnConfig() async throws {
        let (account, config) = try await account("client-secret = env:NO_SUCH")
        try account.helper.config(try account.home.read("my config"))
        let wrong = ["NO_SUCH": "wrong"]
        _ = try await account.run("token", "--profile", "my work", "--config", config, environment: wrong)
        let usual = try await account.run("token", "--profile", "my work", environment: wrong)
        #expect(usual.errors.contains("others: butlr-credential login --profile 'my work'\n"), "\(usual)")
        #expect(account.sandbox.requests.count == 1)
    }

    @Test func somethingElseThatAnswersIsLookedAtByDoctor() async throws {
        let account = try Account()
        try account.configure(baseURL: account.url + "/elsewhere")
        for _ in 1...2 {
            let token = try await account.run("token")
            let hint = "this says more: butlr-credential doctor --online --profile default"
            #expect(token.status == 69 && token.errors.hasSuffix("\n  \(hint)\n"), "\(token)")
        }
    }

    @Test func aProfileThatIsNotThereCanBeMade() async throws {
        let (account, config) = try await account("client-secret = env:NO_SUCH")
        let token = try await account.run("token", "--profile", "a b", "--config", config)
        let hint =
            "there are: \"my work\"; to make it: butlr-credential login --profile 'a b' --config '\(config)'"
        #expect(token.errors.hasSuffix("\n  \(hint)\n"), "\(token)")
    }

    @Test func tellsHowToBeginInThatFile() async throws {
        let account = try Account()
        let config = account.home.path("empty")
        try account.home.write("empty", "", mode: 0o600)
        let token = try await account.run("token", "--config", config)
        #expect(token.errors.contains("\n  butlr-credential login --config \(config), or set"), "\(token)")
        let doctor = try await account.run("doctor", "--config", config)
        #expect(doctor.output.contains("$ butlr-credential login --config ~/empty\n"), "\(doctor)")
    }

    @Test func whatComesAfterLoginIsForTheSameConfig() async throws {
        let (account, config) = try await account("client-secret = env:SECRET")
        let login = try await account.run(
            "login", "--profile", "my work", "--config", config, "--url", "https://git.example.com/",
            environment: ["SECRET": Account.canary])
        #expect(login.output.contains("  butlr-credential token\(choice(config))\n"), "\(login)")
        #expect(login.output.contains("  butlr-credential setup git\(choice(config))\n"), "\(login)")
        #expect(login.output.contains("  butlr-credential status --config '\(config)'\n"), "\(login)")
    }

    @Test(.clients("git")) func whatIsTypedLeadsOn() async throws {
        let (account, config) = try await account("client-secret = env:SECRET")
        let environment = ["SECRET": Account.canary, "BUTLR_CONFIG": config]
        let url = "https://git.example.com/"
        let refused = try await account.run(
            "token", "--profile", "my work", "--url", url, environment: environment)
        let hint = try #require(refused.errors.split(separator: "\n").last)
        let command = hint.split(separator: ": ").last.map(String.init) ?? ""
        #expect(try await account.shell(command, environment: ["SECRET": Account.canary]).status == 0)
        let token = try await account.run("token", "--url", url, environment: environment)
        #expect(token.status == 0, "\(token)")

        let setup = try await account.run(
            "setup", "git", "--profile", "my work", "--config", config, environment: environment)
        let undo = try #require(
            setup.output.split(separator: "\n").first { $0.hasPrefix("To take it back: ") })
        #expect(try account.home.read(".gitconfig").contains("git.example.com"))
        _ = try await account.shell(String(undo.dropFirst("To take it back: ".count)))
        #expect(!account.home.exists(".gitconfig"), "\(undo)")
    }

    // MARK: Files and folders

    @Test func withoutHomeItIsToBeSet() async throws {
        let account = try Account()
        let environment: [String: String?] = [
            "HOME": nil, "XDG_CONFIG_HOME": nil, "XDG_CACHE_HOME": nil, "XDG_STATE_HOME": nil,
            "BUTLR_CLIENT_ID": "client_sandbox", "BUTLR_CLIENT_SECRET": Account.canary,
            "BUTLR_BASE_URL": account.url,
        ]
        let token = try await account.run("token", environment: environment)
        #expect(token.status == 0 && token.errors.hasSuffix("cannot be kept: HOME is not set\n"), "\(token)")
        let doctor = try await account.run("doctor", environment: environment)
        let mends = doctor.output.split(separator: "\n").filter { $0.contains("$ export HOME=") }
        #expect(Set(mends).count == 1 && mends.count == 3, "\(doctor)")
        let export = try #require(mends.first).drop { $0 != "e" }
        let entry = try #require(getpwuid(geteuid()))
        let set = try await account.shell("\(export); echo $HOME", environment: ["HOME": nil])
        #expect(set.output == String(cString: entry.pointee.pw_dir) + "\n")
        for command in [["login", "--client-id", "a"], ["setup", "git"]] {
            let refused = try await account.helper.program(command, environment: environment).run()
            #expect(refused.errors.contains("\n  \(export)"), "\(refused)")
        }
    }

    /// A look shows why a file cannot be written.
    @Test func whatIsInTheWayIsShown() async throws {
        let account = try Account(urls: ["https://a.example.com/"])
        try account.home.write("file", "")
        let config = try await account.helper.program(
            [
                "login", "--no-input", "--base-url", account.url, "--client-id", "client_sandbox",
                "--secret-stdin",
            ],
            environment: ["XDG_CONFIG_HOME": account.home.path("file")]
        ).run(input: .text(Account.canary))
        #expect(
            config.errors.hasSuffix(": Not a directory\n  ls -ld \(account.home.path("file"))\n"), "\(config)"
        )
        let docker = try await account.run(
            "setup", "docker", environment: ["DOCKER_CONFIG": account.home.path("file")])
        #expect(
            docker.errors.hasSuffix(": Not a directory\n  ls -ld \(account.home.path("file"))\n"), "\(docker)"
        )
        #expect(SystemError(ENOSPC).inspection(of: "/tmp/none/config") == "df -h /tmp")
        #expect(SystemError(EINTR).inspection(of: "/tmp") == nil)
    }

    // MARK: A secret that is not there

    /// What to type depends on where the secret should be.
    static let sources: [(source: String, hint: String)] = [
        ("env:NO_SUCH", "export NO_SUCH=…"),
        ("file:none", "butlr-credential login --profile 'my work' --config CONFIG"),
        ("command:no-such-program 2>/dev/null", "butlr-credential login --profile 'my work' --config CONFIG"),
        (
            "prompt:", "butlr-credential token --profile 'my work' --config CONFIG >/dev/null"
        ),
        ("systemd:butlr", "systemctl edit UNIT  # below [Service]: LoadCredential=butlr:FILE"),
    ]

    @Test(arguments: sources) func aMissingSecretIsMendedByItsKind(_ source: (String, hint: String))
        async throws
    {
        let (account, config) = try await account("client-secret = env:OTHER", "client-secret = \(source.0)")
        let hint =
            source.hint.split(separator: "CONFIG").joined(separator: "'\(config)'")
            + (source.hint.hasSuffix("CONFIG") ? "'\(config)'" : "")
        let token = try await account.run("token", "--profile", "my work", "--config", config)
        #expect(token.status == 78 && token.errors.hasSuffix(" \(hint)\n"), "\(token)")
        let status = try await account.run("status", "--json", "--config", config, "--no-input")
        if !source.0.hasPrefix("command") { #expect(status.output.contains("\"hint\":\""), "\(status)") }
        if source.0 == "prompt:" { return }
        let doctor = try await account.run("doctor", "--config", config)
        #expect(doctor.output.contains("$ \(hint)\n"), "\(doctor)")
    }

    @Test(arguments: [
        ("exit 3", "failed with status 3: run it by hand to see why"),
        ("no-such-program 2>/dev/null", "failed with status 127: a program in it was not found"),
        ("/dev/null 2>/dev/null", "failed with status 126: a program in it may not be run"),
    ])
    func aFailedCommandSaysWhatIsWrong(_ line: String, _ reason: String) async throws {
        let (account, config) = try await account("client-secret = \"command:\(line)\"")
        let token = try await account.run("token", "--profile", "my work", "--config", config)
        #expect(token.errors.contains("command:… \(reason)\n"), "\(token)")
    }
}
