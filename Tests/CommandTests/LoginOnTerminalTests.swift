import Sandbox
import TestSupport
import Testing

/// `login` with somebody at the keyboard.
@Suite struct LoginOnTerminalTests {
    @Test func asksForWhatIsMissingAndWritesItWhenItWorks() async throws {
        let account = try Account()
        let terminal = try account.terminal("login", "--base-url", account.url)
        try await terminal.expect("Grant, client-credentials or password [client-credentials]: ")
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
        #expect(end.screen.contains("as client_ada; the token lives for 60 minutes."))
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
        try await terminal.expect("Provider, butlr or oauth2 [butlr]: ")
        terminal.type("github\n")
        try await terminal.expect("\"github\" is neither: type butlr or oauth2.")
        try await terminal.expect("Provider, butlr or oauth2 [butlr]: ")
        terminal.type("OA\n")
        try await terminal.expect("Grant, ")
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
        try await terminal.expect("Provider, butlr or oauth2 [butlr]: ")
        terminal.type("\n")
        try await terminal.expect("Grant, ")
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
        try await terminal.expect("Grant, ")
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

    // MARK: Ways to leave

    @Test(arguments: ["\u{3}", "\u{4}"]) func leavesNothingWhenAQuestionIsDeclined(_ key: String) async throws
    {
        let account = try Account()
        let terminal = try account.terminal("login", "--base-url", account.url)
        try await terminal.expect("Grant, ")
        terminal.type(key)
        let end = try await terminal.end()
        #expect(end.exit == (key == "\u{3}" ? .signal(SIGINT) : .status(78)), "\(end.screen)")
        #expect(try account.files.isEmpty)
        #expect(account.sandbox.requests.isEmpty)
    }

    @Test(arguments: ["\u{3}", "\u{4}"]) func leavesNothingWhenTheSecretIsDeclined(_ key: String) async throws
    {
        let account = try Account()
        let terminal = try account.terminal("login", "--base-url", account.url, "--client-id", "client_ada")
        try await terminal.expect("(not shown): ")
        try await terminal.expectEcho(false)
        terminal.type(key)
        let end = try await terminal.end()
        #expect(end.exit == .status(78))
        #expect(end.screen.contains("was not answered; nothing was changed"))
        #expect(try account.files.isEmpty)
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
