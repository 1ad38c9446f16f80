import Sandbox
import TestSupport
import Testing

/// `login` with somebody at the keyboard.
@Suite struct LoginOnTerminalTests {
    @Test func asksForWhatIsMissingAndWritesItWhenItWorks() async throws {
        let account = try Account()
        let terminal = try account.terminal("login", "--base-url", account.url)
        try await terminal.expect(
            """
            How do you log in to Butlr?
              client-credentials  as a program, with an API token's client ID and secret
              password            as a person, with a user name and password
            Grant [client-credentials]: 
            """.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n"))
        #expect(terminal.isEchoing)
        terminal.type("\n")
        try await terminal.expect("https://app.butlr.io: Account")
        try await terminal.expect("shown only once")
        try await terminal.expect("Client ID: ")
        terminal.type("  client_ada \n")
        try await terminal.expect("Client secret (not shown): ")
        try await terminal.expectEcho(false)
        #expect(try account.files.isEmpty)
        terminal.type(Account.canary + "\n")
        let end = try await terminal.end()
        #expect(end.exit == .status(0), "\(end.screen)")
        #expect(end.screen.contains("as client_ada.\r\nThe token lives for 60 minutes."))
        #expect(
            account.config == """
                [profile "default"]
                    provider = butlr
                    grant = client-credentials
                    base-url = \(account.url)
                    client-id = client_ada
                    client-secret = file:~/.config/butlr-credential/secrets/default

                """)
        #expect(try account.helper.configFolder.mode("config") == 0o600)
        #expect(try account.helper.configFolder.mode("secrets") == 0o700)
        #expect(try account.helper.configFolder.mode("secrets/default") == 0o600)
        #expect(try account.helper.configFolder.read("secrets/default") == Account.canary + "\n")

        // The token of the trial is the next call's.
        let next = try await account.run("token", "--format", "json")
        #expect(next.output.contains(#""source":"cache""#), "\(next)")
        #expect(account.sandbox.requests.count == 1)
    }

    @Test func asksAgainAfterAWrongAnswer() async throws {
        let account = try Account()
        let terminal = try account.terminal("login")
        try await terminal.expect(
            """
            Where do the tokens come from?
              butlr   from Butlr
              oauth2  from another OAuth 2.0 provider, at the URL of its token endpoint
            Provider [butlr]: 
            """.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n"))
        terminal.type("github\n")
        try await terminal.expect("\"github\" is neither: type butlr or oauth2.")
        try await terminal.expect("Provider [butlr]: ")
        terminal.type("OA\n")
        try await terminal.expect("Grant [")
        terminal.type("c\n")
        try await terminal.expect("Token endpoint: ")
        terminal.type("\n")
        try await terminal.expect("Token endpoint: ")
        terminal.type("id.example.com/token\n")
        try await terminal.expect("token-endpoint: \"id.example.com/token\"")
        try await terminal.expect("Token endpoint: ")
        terminal.type("\(account.url)/oauth/token\n")
        try await terminal.expect("Client ID: ")
        terminal.type("client_ada\n")
        try await terminal.expect("Client secret (not shown; empty for none): ")
        try await terminal.expectEcho(false)
        terminal.type("wrong\n")
        try await terminal.expect("answered 401 (invalid_client: Wrong client ID")
        try await terminal.expect("Nothing was changed.")
        #expect(try account.files.isEmpty)
        try await terminal.expect("Client ID [client_ada]: ")
        terminal.type("\n")
        try await terminal.expect("Client secret (not shown")
        try await terminal.expectEcho(false)
        terminal.type(Account.canary + "\n")
        let end = try await terminal.end()
        #expect(end.exit == .status(0), "\(end.screen)")
        #expect(account.config.contains("provider = oauth2\n"))
        #expect(account.config.contains("token-endpoint = \(account.url)/oauth/token\n"))
        #expect(try await account.run("token").status == 0)
        #expect(account.sandbox.requests.map(\.status) == [401, 200])
    }

    @Test func givesUpAfterThreeWrongSecrets() async throws {
        let account = try Account()
        let terminal = try account.terminal("login", "--base-url", account.url, "--client-id", "client_ada")
        for _ in 0..<3 {
            try await terminal.expect("(not shown): ")
            try await terminal.expectEcho(false)
            terminal.type("wrong\n")
        }
        let end = try await terminal.end()
        #expect(end.exit == .status(77))
        #expect(end.screen.contains("nothing was changed; check the client ID and secret"))
        #expect(try account.files.isEmpty)
    }

    /// Whoever has only what Butlr gave them presses return.
    @Test func takesButlrForTheProvider() async throws {
        let account = try Account(environment: ["HTTPS_PROXY": "http://127.0.0.1:1"])
        let terminal = try account.terminal("login")
        try await terminal.expect("The profile \"default\" is kept in ~/.config/butlr-credential/config.")
        try await terminal.expect("Provider [butlr]: ")
        terminal.type("\n")
        try await terminal.expect("Grant [")
        terminal.type("\n")
        try await terminal.expect("Client ID: ")
        terminal.type("client_ada\n")
        try await terminal.expect("(not shown): ")
        try await terminal.expectEcho(false)
        terminal.type(Account.canary + "\n")
        let end = try await terminal.end()
        #expect(end.exit == .status(75), "\(end.screen)")
        #expect(end.screen.contains("https://api.butlr.io/api/v2/clients/login cannot be reached"))
        #expect(try account.files.isEmpty)
    }

    @Test func logsAUserIn() async throws {
        let account = try Account()
        let terminal = try account.terminal("login", "--base-url", account.url, "--profile", "me & you")
        try await terminal.expect("Grant [")
        terminal.type("p\n")
        try await terminal.expect("User name: ")
        terminal.type("ada@example.com\n")
        try await terminal.expect("Password (not shown): ")
        try await terminal.expectEcho(false)
        terminal.type(Account.canary + "\n")
        let end = try await terminal.end()
        #expect(end.exit == .status(0), "\(end.screen)")
        #expect(end.screen.contains("butlr-credential token --profile 'me & you'"))
        #expect(
            try account.helper.configFolder.read("secrets/me%20%26%20you.password") == Account.canary + "\n")
        #expect(try await account.run("token", "--profile", "me & you").status == 0)
        #expect(account.sandbox.requests.count == 1)
    }

    @Test func logsAUserInThroughAPublicClient() async throws {
        let account = try Account()
        let terminal = try account.terminal(
            "login", "--token-endpoint", "\(account.url)/oauth/token", "--username", "ada@example.com",
            "--client-id", "public")
        try await terminal.expect("Client secret (not shown; empty for none): ")
        try await terminal.expectEcho(false)
        terminal.type("\n")
        try await terminal.expect("Password (not shown): ")
        try await terminal.expectEcho(false)
        terminal.type(Account.canary + "\n")
        let end = try await terminal.end()
        #expect(end.exit == .status(0), "\(end.screen)")
        #expect(account.config.contains("client-auth = none\n"))
        #expect(!account.config.contains("client-secret"))
    }

    @Test func keepsTheRestOfAProfileThatIsThere() async throws {
        let account = try Account()
        try account.helper.config(
            """
            # mine
            [profile "default"] ; first
            \tbase-url = \(account.url) # here
            \tclient-id = old
            \tclient-secret = plain:old-secret
            \tmin-ttl = 1m
            [profile "other"]
                client-id = x
                client-secret = env:X

            """)
        let terminal = try account.terminal(
            "login", "--client-id", "client_ada", "--client-secret", "env:CANARY")
        let end = try await terminal.end()
        #expect(end.exit == .status(0), "\(end.screen)")
        #expect(
            account.config == """
                # mine
                [profile "default"] ; first
                \tbase-url = \(account.url) # here
                \tclient-id = client_ada
                \tclient-secret = env:CANARY
                \tmin-ttl = 1m
                \tprovider = butlr
                \tgrant = client-credentials
                [profile "other"]
                    client-id = x
                    client-secret = env:X

                """)
    }

    @Test func asksForANewSecretOfAProfileThatItMade() async throws {
        let account = try Account()
        try await account.logIn("--scope", "write")
        account.sandbox.configure { $0.clients["client_new"] = "next-" + Account.canary }
        let terminal = try account.terminal("login")
        try await terminal.expect("Client ID [client_ada]: ")
        terminal.type("client_new\n")
        try await terminal.expect("(not shown): ")
        try await terminal.expectEcho(false)
        terminal.type("next-\(Account.canary)\n")
        let end = try await terminal.end()
        #expect(end.exit == .status(0), "\(end.screen)")
        #expect(account.config.contains("client-id = client_new\n"))
        #expect(account.config.contains("scope = write\n"))
        #expect(try account.helper.configFolder.read("secrets/default") == "next-\(Account.canary)\n")
    }

    /// A secret is shown once by who issues it: nobody is asked for it again just to permit a URL.
    @Test func addsAURLWithoutAskingAnything() async throws {
        let account = try Account()
        try await account.logIn("--url", "https://a.example/")
        let end = try await account.terminal("login", "--url", "https://b.example/").end()
        #expect(end.exit == .status(0), "\(end.screen)")
        #expect(account.config.contains("url = https://a.example/\n    url = https://b.example/\n"))
        #expect(try account.helper.configFolder.read("secrets/default") == Account.canary + "\n")
        try await account.logIn("--url", "", "--url", "https://c.example/")
        #expect(account.config.contains("https://c.example/") && !account.config.contains("a.example"))
        #expect(account.sandbox.requests.map(\.status) == [200, 200, 200])
    }

    /// Where a store of secrets has lost it, or has a wrong one, the person may have it still.
    @Test(arguments: ["false", "echo wrong", "echo $CANARY"])
    func asksForASecretThatItsSourceDoesNotGive(_ command: String) async throws {
        let account = try Account()
        try account.helper.config(
            """
            [profile "default"]
                base-url = \(account.url)
                client-id = client_ada
                client-secret = "command:\(command); echo ran >>runs"

            """)
        let terminal = try account.terminal("login")
        if command != "echo $CANARY" {
            try await terminal.expect("kept in a private")
            try await terminal.expect("Client ID [client_ada]: ")
            terminal.type("\n")
            try await terminal.expect("(not shown): ")
            try await terminal.expectEcho(false)
            terminal.type(Account.canary + "\n")
        }
        let end = try await terminal.end()
        #expect(end.exit == .status(0), "\(end.screen)")
        #expect(account.config.contains("secrets/default") == (command != "echo $CANARY"))
        #expect(try account.helper.home.read("runs") == "ran\n")
        #expect(try await account.run("token").status == 0)
    }

    /// Nothing but what is to be copied is wider than the window.
    @Test(arguments: [40, 80] as [UInt16]) func fitsTheWindow(_ width: UInt16) async throws {
        let account = try Account()
        let config = account.helper.home.path("a folder of a rather long name/config")
        try account.helper.home.makeFolder("a folder of a rather long name")
        let terminal = try account.terminal(
            "login", "--base-url", account.url, "--client-id", "client_ada", "--client-secret", "env:CANARY",
            "--config", config, columns: width)
        let end = try await terminal.end()
        #expect(end.exit == .status(0), "\(end.screen)")
        for line in end.screen.split(separator: "\r\n") where !line.hasPrefix("  butlr-credential ") {
            #expect(line.count <= width, "\(end.screen)")
        }
        #expect(end.screen.contains("# a token\r\n  butlr-credential token --config '\(config)'\r\n"))
    }

    // MARK: Ways to leave

    /// A question of `login`, and how one gets there.
    struct Question: Sendable, CustomTestStringConvertible {
        let text: String
        let arguments: [String]
        let answers: [(question: String, answer: String)]
        let isHidden: Bool
        var testDescription: String { text }

        init(
            _ text: String, _ arguments: [String] = [], after answers: [(String, String)] = [],
            isHidden: Bool = false
        ) {
            (self.text, self.arguments, self.answers, self.isHidden) = (text, arguments, answers, isHidden)
        }
    }

    static let questions = [
        Question("Provider ["),
        Question("Grant [", ["--provider", "oauth2"]),
        Question("Token endpoint: ", ["--provider", "oauth2", "--grant", "password"]),
        Question("Client ID: ", ["--provider", "butlr"], after: [("Grant [", "c\n")]),
        Question("User name: ", ["--grant", "password", "--provider", "butlr"]),
        Question("Client secret (not shown): ", ["--client-id", "c", "--provider", "butlr"], isHidden: true),
        Question("Password (not shown): ", ["--username", "u", "--provider", "butlr"], isHidden: true),
        Question(
            "Password (not shown): ",
            ["--username", "u", "--client-id", "c", "--token-endpoint", "http://127.0.0.1:1/"],
            after: [("Client secret (not shown; empty for none): ", "s\n")], isHidden: true),
        Question(
            "Client secret (not shown; empty for none): ",
            ["--client-id", "c", "--token-endpoint", "http://127.0.0.1:1/"], after: [("Grant [", "\n")],
            isHidden: true),
    ]

    /// A person may need longer than the provider is given.
    @Test func typingIsNotTheProvidersTime() async throws {
        let account = try Account(environment: ["BUTLR_TIMEOUT": "4"])
        for arguments in [
            [
                "login", "--base-url", account.url, "--client-id", "client_ada", "--client-secret", "prompt:",
            ], ["doctor", "--online"],
        ] {
            let terminal = try Terminal(account.helper.program(arguments))
            try await terminal.expect("client-secret of profile \"default\": ")
            try await terminal.expectEcho(false)
            try await Task.sleep(for: .seconds(5))
            terminal.type(Account.canary + "\n")
            let end = try await terminal.end()
            #expect(end.exit == .status(0), "\(end.screen)")
        }
    }

    @Test func saysWhyASecretWasNotTaken() async throws {
        let account = try Account()
        let terminal = try account.terminal("login", "--base-url", account.url, "--client-id", "client_ada")
        try await terminal.expect("Client secret (not shown): ")
        try await terminal.expectEcho(false)
        terminal.type([0xE9, UInt8(ascii: "\n")])
        let end = try await terminal.end()
        #expect(end.exit == .status(78), "\(end.screen)")
        #expect(
            end.screen.contains("the client secret that was typed is not UTF-8; nothing"), "\(end.screen)")
    }

    /// After a wrong answer, too.
    @Test(arguments: ["Client ID [", "(not shown): "], ["\u{3}", "\u{4}"])
    func leavesNothingWhenASecondTryIsDeclined(_ question: String, key: String) async throws {
        let account = try Account()
        let terminal = try account.terminal(
            "login", "--base-url", account.url, "--grant", "client-credentials")
        try await terminal.expect("Client ID: ")
        terminal.type("client_ada\n")
        try await terminal.expect("(not shown): ")
        try await terminal.expectEcho(false)
        terminal.type("wrong\n")
        try await terminal.expect("Nothing was changed. Once more, or Ctrl-C:")
        try await terminal.expect("Client ID [client_ada]: ")
        if !question.hasPrefix("Client ID") {
            terminal.type("\n")
            try await terminal.expect(question)
            try await terminal.expectEcho(false)
        }
        terminal.type(key)
        let end = try await terminal.end()
        #expect(end.exit == (key == "\u{3}" ? .signal(SIGINT) : .status(78)), "\(end.screen)")
        #expect(try account.files.isEmpty)
        #expect(account.sandbox.requests.map(\.status) == [401])
    }

    /// Ctrl-C, which ends whatever it is typed at, and Ctrl-D, the end of the input.
    @Test(arguments: questions, ["\u{3}", "\u{4}"])
    func leavesNothingWhenAQuestionIsDeclined(_ question: Question, key: String) async throws {
        let account = try Account()
        let terminal = try Terminal(account.helper.program(["login"] + question.arguments))
        for (text, answer) in question.answers {
            try await terminal.expect(text)
            if text.contains("not shown") { try await terminal.expectEcho(false) }
            terminal.type(answer)
        }
        try await terminal.expect(question.text)
        try await terminal.expectEcho(!question.isHidden)
        terminal.type(key)
        let end = try await terminal.end()
        if key == "\u{3}" {
            #expect(end.exit == .signal(SIGINT), "\(end.screen)")
        } else {
            #expect(end.exit == .status(78), "\(end.screen)")
            #expect(
                end.screen.contains(
                    question.isHidden
                        ? "was given; nothing was changed" : "was not answered; nothing was changed"))
        }
        #expect(try account.files.isEmpty)
        #expect(account.sandbox.requests.isEmpty)
    }

    /// A shell that stops `login` with Ctrl-Z has its terminal as it was, and asks again when it goes on.
    @Test(.clients("bash")) func isStoppedAndGoesOn() async throws {
        let account = try Account()
        try account.helper.install(as: "butlr-credential")
        let shell = try Terminal(
            account.helper.client("bash", ["--norc", "--noprofile", "-i"], environment: ["PS1": "ready> "]))
        try await shell.expect("ready> ")
        // bash edits its lines itself, which dash would not.
        shell.type("set +o emacs; stty -echo; stty echo; echo r''eady\n")
        try await shell.expect("ready\r\n")
        shell.type("butlr-credential login --base-url \(account.url) --client-id client_ada\n")
        try await shell.expect("(not shown): ")
        try await shell.expectEcho(false)
        shell.type("half of it\u{1A}")
        try await shell.expect("Stopped")
        try await shell.expectEcho(true)
        shell.type("fg\n")
        try await shell.expect("(not shown): ")
        try await shell.expectEcho(false)
        shell.type(Account.canary + "\n")
        try await shell.expect("The token lives for 60 minutes")
        try await shell.expectEcho(true)
        shell.type("exit 3\n")
        #expect(try await shell.end().exit == .status(3))
        #expect(account.sandbox.requests.map(\.status) == [200])
    }

    /// The caller of a prompt is told of Ctrl-C, too: it shares the terminal.
    @Test func interruptsItsCallerAsWell() async throws {
        let account = try Account()
        try account.helper.install(as: "butlr-credential")
        try account.helper.config(
            "[profile \"default\"]\n base-url = \(account.url)\n client-id = c\n client-secret = prompt:\n")
        let terminal = try Terminal(
            account.helper.client("sh", ["-c", "butlr-credential token; echo went on"]))
        try await terminal.expect("client-secret of profile")
        try await terminal.expectEcho(false)
        terminal.type("\u{3}")
        let end = try await terminal.end()
        #expect(end.exit == .signal(SIGINT))
        #expect(!end.screen.contains("went on"))
    }

    @Test(arguments: [SIGTERM, SIGHUP, SIGINT, SIGQUIT])
    func putsTheTerminalBackWhenASignalEndsIt(_ signal: Int32) async throws {
        let account = try Account()
        let terminal = try account.terminal("login", "--base-url", account.url, "--client-id", "client_ada")
        try await terminal.expect("(not shown): ")
        try await terminal.expectEcho(false)
        terminal.signal(signal)
        #expect(try await terminal.end().exit == .signal(signal))
        #expect(try account.files.isEmpty)
    }

    @Test func leavesNothingWhenItIsInterruptedWhileItWaits() async throws {
        let account = try Account(latency: 20_000)
        let terminal = try account.terminal("login", "--base-url", account.url, "--client-id", "client_ada")
        try await terminal.expect("(not shown): ")
        try await terminal.expectEcho(false)
        terminal.type(Account.canary + "\n")
        try await terminal.expect("waiting for \(account.url), until ")
        terminal.type("\u{3}")
        #expect(try await terminal.end().exit == .signal(SIGINT))
        #expect(try account.files.isEmpty)
    }

    @Test func takesTheSecretFromAPipeAndAsksForTheRest() async throws {
        let account = try Account()
        try account.helper.home.write("secret", Account.canary + "\n")
        let terminal = try account.terminal(
            "login", "--base-url", account.url, "--grant", "client-credentials", "--secret-stdin",
            input: account.helper.home.path("secret"))
        try await terminal.expect("Client ID: ")
        terminal.type("client_ada\n")
        #expect(try await terminal.end().exit == .status(0))
    }

    @Test func readsNoSecretThatTheTerminalWouldShow() async throws {
        let account = try Account()
        let terminal = try account.terminal(
            "login", "--base-url", account.url, "--client-id", "client_ada", "--secret-stdin")
        let end = try await terminal.end()
        #expect(end.exit == .status(64))
        #expect(end.screen.contains("leave the option out to be asked"))
    }
}
