import Platform
import Sandbox
import TestSupport
import Testing

/// `login` with nobody at the keyboard.
@Suite struct LoginByScriptTests {
    /// Before anything else is looked at, or asked.
    @Test(arguments: ["--base-url", "--token-endpoint", "--url"])
    func refusesAnAddressThatIsNone(option: String) async throws {
        let account = try Account()
        let result = try await account.run("login", option, "api.example.com")
        #expect(result.status == 64, "\(result)")
        #expect(
            result.errors == """
                butlr-credential: \(option): "api.example.com" does not begin with https://; did you mean \
                "https://api.example.com"?

                """
        )
        let good = try await account.run("login", option, "https://api.example.com/")
        #expect(good.errors.contains("login needs --secret-stdin"), "\(good)")
        #expect(try account.files == [])
    }

    @Test func needsNothingButOptionsAndInput() async throws {
        let account = try Account()
        let result = try await account.logIn(
            "--url", "https://git.example.com/", "--url", "https://x.example/")
        #expect(
            result.output == """
                Logged in to \(account.url) as client_ada.
                The token lives for 60 minutes.
                Made the profile "default" in ~/.config/butlr-credential/config.
                Its client-secret is in ~/.config/butlr-credential/secrets/default.

                Next:
                  butlr-credential token          a token
                  butlr-credential status         what is kept, and until when
                  butlr-credential setup git      let git use it
                  butlr-credential setup kubectl  let kubectl use it

                """)
        #expect(result.errors.isEmpty)
        #expect(account.config.contains("url = https://git.example.com/\n    url = https://x.example/\n"))
        #expect(
            try await account.run("token", "--url", "https://git.example.com/a", "--format", "json").output
                .contains(#""source":"cache""#))
    }

    @Test func namesTheOptionThatIsMissing() async throws {
        let account = try Account()
        let noID = try await account.run("login", "--no-input")
        #expect(noID.status == 64)
        #expect(
            noID.errors == """
                butlr-credential: login needs --secret-stdin or --client-secret
                  or let it ask: call it without --no-input

                """)
        let noTerminal = try await account.run("login", "--client-secret", "env:CANARY")
        #expect(noTerminal.status == 64)
        #expect(noTerminal.errors.contains("login needs --client-id\n  there is no terminal to ask on\n"))
        let noEndpoint = try await account.run(
            "login", "--provider", "oauth2", "--client-secret", "env:CANARY", "--no-input")
        #expect(noEndpoint.errors.contains("login needs --token-endpoint"))
        let noUser = try await account.run(
            "login", "--grant", "password", "--password", "env:CANARY", "--no-input")
        #expect(noUser.errors.contains("login needs --username"))
        #expect(try account.files.isEmpty)
    }

    @Test(arguments: [
        ["--client-secret", Account.canary], ["--client-secret=plain:" + Account.canary],
        ["--password", "command" + Account.canary], ["--secret", Account.canary], [Account.canary],
        ["--client-secret", "env:" + Account.canary],
    ])
    func repeatsNoSecretThatIsAnArgument(_ arguments: [String]) async throws {
        let account = try Account()
        let result = try await account.helper.program(
            ["login", "--no-input", "--base-url", account.url, "--client-id", "client_ada"] + arguments
        ).run()
        #expect(result.status == 64, "\(result)")
        checkForCanary(result.errors + result.output)
        #expect(account.sandbox.requests.isEmpty)
        #expect(try account.files.isEmpty)
    }

    @Test func leavesNothingWhenItFails() async throws {
        let account = try Account()
        let wrong = try await account.run(
            "login", "--no-input", "--base-url", account.url, "--client-id", "client_ada", "--secret-stdin",
            input: "wrong")
        #expect(wrong.status == 77)
        account.sandbox.configure { $0.failures = [.init(status: 503)] }
        let down = try await account.run(
            "login", "--no-input", "--base-url", account.url, "--client-id", "client_ada", "--secret-stdin",
            input: .text(Account.canary))
        #expect(down.status == 75)
        #expect(down.errors.hasSuffix("requests are made with: butlr-credential doctor\n"), "\(down)")
        #expect(try account.files.isEmpty)
        #expect(account.sandbox.requests.count == 2)
    }

    @Test func leavesTheOldSecretWhenTheConfigCannotBeWritten() async throws {
        let account = try Account()
        try await account.logIn()
        account.sandbox.configure { $0.clients["client_ada"] = "new-" + Account.canary }
        try account.helper.configFolder.write("config.lock", "")
        let result = try await account.run(
            "login", "--secret-stdin", input: .text("new-" + Account.canary))
        #expect(result.status == 75, "\(result)")
        #expect(result.errors.contains("another program is editing the config file"))
        #expect(try account.helper.configFolder.read("secrets/default") == Account.canary + "\n")
    }

    @Test func waitsForItsInputOnlySoLong() async throws {
        let account = try Account(environment: ["BUTLR_TIMEOUT": "1"])
        let running = try account.helper.start(
            "login", "--base-url", account.url, "--client-id", "client_ada", "--secret-stdin", input: .open)
        let result = try await running.wait()
        #expect(result.status == 65, "\(result)")
        #expect(result.errors.contains("did not end in time"), "\(result)")
    }

    /// Neither is in the way of the next one, nor does it outlast it.
    @Test func takesOverWhatAKilledLoginLeft() async throws {
        let account = try Account()
        let folder = account.helper.configFolder
        let dead = try account.helper.client("true").start()
        _ = try await dead.wait()
        try folder.link("config.lock", to: "config.butlr-new.\(dead.processID)")
        try folder.write("config.butlr-new", "[profile \"half")
        try folder.write("secrets/default.butlr-new", "a longer canary than the one to come\n")
        try await account.logIn()
        #expect(try folder.files() == ["config", "secrets/default"])
        #expect(try folder.read("secrets/default") == Account.canary + "\n")
        #expect(!account.config.contains("half"))
    }

    /// Until it has ended, what keeps others out is its own.
    @Test func waitsForALivingLogin() async throws {
        let account = try Account()
        let folder = account.helper.configFolder
        let link = "config.butlr-new.\(getpid())"
        try folder.link("config.lock", to: link)
        let result = try await account.helper.program(
            ["login", "--no-input", "--base-url", account.url, "--client-id", "client_ada", "--secret-stdin"]
        ).run(input: .text(Account.canary))
        #expect(result.status == 75, "\(result)")
        #expect(result.errors.contains("another program is editing the config file"), "\(result)")
        #expect(linkTarget(folder.path("config.lock")) == link)
    }

    @Test func logoutTakesAwayTheSecretOfAKilledLogin() async throws {
        let account = try Account()
        try await account.logIn()
        try account.helper.configFolder.write("secrets/default.butlr-new", Account.canary)
        #expect(try await account.run("logout").status == 0)
        #expect(try account.helper.configFolder.files() == ["config"])
    }

    @Test(arguments: ["", "\n\n", "one\ntwo\n"]) func wantsOneLine(_ input: String) async throws {
        let account = try Account()
        let result = try await account.run(
            "login", "--base-url", account.url, "--client-id", "client_ada", "--secret-stdin",
            input: .text(input))
        #expect(result.status == 65)
        #expect(result.errors.contains("standard input must hold the client-secret, one line"))
    }

    @Test func takesTwoSecretsLineByLine() async throws {
        let account = try Account()
        account.sandbox.configure { $0.clients["cli"] = "canary-client" }
        let result = try await account.run(
            "login", "--token-endpoint", "\(account.url)/oauth/token", "--username", "ada@example.com",
            "--client-id", "cli", "--secret-stdin", input: .text("canary-client\r\n\(Account.canary)\n"))
        #expect(result.status == 0, "\(result)")
        #expect(try account.helper.configFolder.read("secrets/default") == "canary-client\n")
        #expect(try account.helper.configFolder.read("secrets/default.password") == Account.canary + "\n")
        // Its refresh token is kept as well.
        #expect(try account.files.contains { $0.hasSuffix(".refresh") })
    }

    @Test func leavesASecretWhereItIs() async throws {
        let account = try Account()
        try account.helper.home.write("here/secret", Account.canary)
        for (source, written) in [
            ("env:CANARY", "env:CANARY"),
            (
                "command:printf %s \"$HOME\" >/dev/null; cat ~/here/secret",
                #"command:printf %s \"$HOME\" >/dev/null; cat ~/here/secret"#
            ),
            ("file:~/here/secret", "file:~/here/secret"),
            ("file:here/secret", "file:\(account.helper.home.path)/here/secret"),
        ] {
            let result = try await account.run(
                "login", "--no-input", "--base-url", account.url, "--client-id", "client_ada",
                "--client-secret", source)
            #expect(result.status == 0, "\(result)")
            let value = try await account.helper.client(
                "git",
                [
                    "config", "--file", account.helper.configFolder.path("config"),
                    "profile.default.client-secret",
                ]
            ).run()
            #expect(value.output == written.replacing("\\\"", with: "\"") + "\n")
            #expect(!account.helper.configFolder.exists("secrets"))
        }
    }

    @Test func changesProviderAndGrant() async throws {
        let account = try Account()
        try await account.logIn("--scope", "read")
        let result = try await account.run(
            "login", "--no-input", "--grant", "password", "--username", "ada@example.com", "--password",
            "env:CANARY")
        #expect(result.status == 0, "\(result)")
        #expect(
            result.output.contains("Took out what it cannot use any more: base-url") == false
                && result.output.contains("client-id, client-secret"), "\(result)")
        #expect(
            account.config == """
                [profile "default"]
                    provider = butlr
                    grant = password
                    base-url = \(account.url)
                    username = ada@example.com
                    password = env:CANARY

                """)
    }

    @Test func clearsTheMemoryOfFailures() async throws {
        let account = try Account()
        try await account.logIn()
        account.sandbox.configure { $0.clients["client_ada"] = "other" }
        #expect(try await account.run("token", "--force-refresh").status == 77)
        account.sandbox.configure { $0.clients["client_ada"] = Account.canary }
        #expect(try account.files.contains { $0.hasSuffix(".failure") })
        #expect(try await account.run("login", "--no-input").status == 0)
        #expect(try !account.files.contains { $0.hasSuffix(".failure") })
        #expect(try await account.run("status").status == 0)
    }

    @Test func keepsAConfigOfItsOwnApart() async throws {
        let account = try Account()
        try await account.logIn()
        let other = account.helper.home.path("other.conf")
        try await account.logIn("--config", other)
        #expect(try account.helper.home.read("other.conf").contains("[profile \"default\"]"))
        #expect(try account.helper.configFolder.folder("secrets").files().count == 2)
        let gone = try await account.run("logout", "--config", other)
        #expect(gone.status == 0, "\(gone)")
        #expect(try account.helper.configFolder.folder("secrets").files() == ["default"])
    }

    @Test func refusesAConfigThatWouldNotBeRead() async throws {
        let account = try Account()
        try account.helper.config("[profile \"a\"]\n  colour = red\n")
        let unknown = try await account.run(
            "login", "--client-secret", "env:CANARY", "--client-id", "client_ada")
        #expect(unknown.status == 78)
        #expect(unknown.errors.contains("config:2: unknown key \"colour\""))
        try account.helper.config("", mode: 0o666)
        #expect(try await account.run("login").errors.contains("others may write the config file"))
        try account.helper.configFolder.remove("config")
        try account.helper.home.setMode(".config/butlr-credential", 0o777)
        let open = try await account.run(
            "login", "--base-url", account.url, "--client-id", "client_ada", "--client-secret", "env:CANARY")
        #expect(open.status == 78, "\(open)")
        #expect(open.errors.contains("others may write the config's folder"))
        #expect(account.config.isEmpty)
    }

    @Test func followsALinkToTheConfig() async throws {
        let account = try Account()
        try account.helper.home.write("dotfiles/butlr", "# mine\n", mode: 0o640)
        try account.helper.configFolder.link("config", to: "../../dotfiles/butlr")
        try await account.logIn()
        #expect(try account.helper.home.read("dotfiles/butlr").hasPrefix("# mine\n\n[profile \"default\"]\n"))
        #expect(try account.helper.home.mode("dotfiles/butlr") == 0o640)
        #expect(try account.helper.home.files().filter { $0.hasSuffix(".lock") && $0.contains("dot") } == [])
        var status = stat()
        #expect(lstat(account.helper.configFolder.path("config"), &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFLNK)
    }

    @Test func makesTheTargetOfALinkThatLeadsNowhere() async throws {
        let account = try Account()
        try account.helper.configFolder.link("config", to: account.helper.home.path("elsewhere/config"))
        try await account.logIn()
        #expect(try account.helper.home.mode("elsewhere/config") == 0o600)
    }

    @Test func losesNoProfileWhenManyLogInAtOnce() async throws {
        let account = try Account()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask { try await account.logIn("--profile", "p\(number)") }
            }
            try await group.waitForAll()
        }
        for number in 0..<8 { #expect(account.config.contains("[profile \"p\(number)\"]")) }
        #expect(try await account.run("status").status == 0)
    }

    @Test func showsAServersTextAsOneHarmlessLine() async throws {
        let account = try Account()
        let server = try ScriptedServer { _, _ in
            .json(
                #"{"error":"access_denied","error_description":"\u001b[2J\u001b]0;own\u0007 go\r\naway"}"#,
                status: 401)
        }
        let result = try await account.run(
            "login", "--no-input", "--base-url", server.url, "--client-id", "c", "--client-secret",
            "env:CANARY")
        #expect(result.status == 77)
        #expect(!result.errorBytes.contains { $0 < 0x20 && $0 != 0x0A })
        #expect(result.errors.split(separator: "\n").count == 2, "\(result)")
    }

    @Test func saysWhereNoHomeIs() async throws {
        let account = try Account()
        let result = try await account.run(
            "login", "--base-url", account.url, "--client-id", "client_ada", "--client-secret", "env:CANARY",
            environment: ["HOME": nil])
        #expect(result.status == 78)
        #expect(result.errors.contains("name a file with --config"))
    }
}
