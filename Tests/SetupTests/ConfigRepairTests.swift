import TestSupport
import Testing

/// Mistakes in a config file: what the error tells to type mends them.
@Suite struct ConfigRepairTests {
    /// A mistake, as the text that stands in the place of the right one.
    static let mistakes: [(right: String, wrong: String, error: String, command: String)] = [
        ("[profile \"default\"]", "[profile default]", "1: the section header is not of the form", "sed"),
        ("[profile \"default\"]", "[profile \"default]", "1: the section header is not of the form", "sed"),
        ("[profile \"default\"]", "[profile]", "1: the section has no name", "sed"),
        ("[profile \"default\"]", "[profiles \"default\"]", "1: unknown section [profiles]", "sed"),
        ("client-id", "clientid", "3: unknown key \"clientid\"", "sed"),
        ("grant = client-credentials", "grant = client_credentials", "2: grant: \"client_cred", "git config"),
        ("renew-ahead = on", "renew-ahead = onn", "6: renew-ahead: \"onn\" is none of", "git config"),
        ("url = https://*.example.com/a", "url = *.example.com/a", "did you mean \"https://*.ex", "sed"),
        ("url = http://localhost:8080", "url = localhost:8080", "did you mean \"http://localhost", "sed"),
        ("base-url = http://", "base-url = ", "did you mean \"http://127.0.0.1:", "sed"),
        ("client-secret = file:", "client-secret = ", "must name where the secret is", "butlr-credential"),
        ("client-secret = file:", "client-secret = flie:", "did you mean \"file:\"", "butlr-credential"),
    ]

    private func account() throws -> (Account, config: String) {
        let account = try Account()
        let config = """
            [profile "default"]
            grant = client-credentials
            client-id = client_sandbox
            base-url = \(account.url)
            client-secret = file:\(account.helper.configFolder.path("secrets/default"))
            renew-ahead = on
            url = https://*.example.com/a
            url = http://localhost:8080

            """
        return (account, config)
    }

    /// The last line of an error.
    private func hint(_ outcome: Program.Outcome) throws -> String {
        String(try #require(outcome.errors.split(separator: "\n").last).drop { $0 == " " })
    }

    @Test(.clients("git"), arguments: mistakes)
    func isMendedByWhatIsPrinted(
        _ mistake: (right: String, wrong: String, error: String, command: String)
    ) async throws {
        let (account, config) = try account()
        let parts = config.split(separator: mistake.right, maxSplits: 1, omittingEmptySubsequences: false)
        try account.helper.config(parts.joined(separator: mistake.wrong))
        // Where the URL is what is wrong, the caller that asks for it is to hear of it.
        let sick = try await account.run("token", "--url", account.url)
        #expect(sick.status == 78 && sick.errors.contains(mistake.error), "\(sick)")
        let command = try hint(sick)
        #expect(command.hasPrefix(mistake.command), "\(sick)")
        let doctor = try await account.run("doctor")
        let shown = command.split(separator: account.home.path + "/").joined(separator: "~/")
        #expect(doctor.output.contains("$ \(shown)\n"), "\(doctor)")

        let terminal = try Terminal(account.helper.client("sh", ["-c", command]))
        if mistake.command == "butlr-credential" {
            try await terminal.expect("Client ID [client_sandbox]: ")
            terminal.type("\n")
            try await terminal.expect("(not shown): ")
            try await terminal.expectEcho(false)
            terminal.type(Account.canary + "\n")
        }
        let end = try await terminal.wait()
        #expect(end.exit == .status(0), "\(end.screen)")
        let mended = try await account.run("token", "--url", account.url)
        #expect(mended.status == 0, "\(mended)")
        if mistake.command == "sed" {
            #expect(try account.helper.configFolder.read("config") == config)
        }
    }

    /// As it does for the helper's own edits.
    @Test func aLinkStaysOne() async throws {
        let (account, config) = try account()
        let folder = account.helper.configFolder
        try folder.write("kept/real", config.split(separator: "client-id").joined(separator: "client-idd"))
        try folder.remove("config")
        try folder.link("config", to: "kept/real")
        let sick = try await account.run("token", "--url", account.url)
        #expect(try await account.shell(try hint(sick)).status == 0, "\(sick)")
        #expect(try folder.read("kept/real") == config)
        #expect(try await account.run("token", "--url", account.url).status == 0)
    }

    /// Of a key that is there twice the last counts, and is the one that is wrong.
    @Test(.clients("git")) func aKeyThatIsThereTwiceIsMended() async throws {
        let (account, config) = try account()
        try account.helper.config(config + "    grant = client-credentials\n    grant = client-credentialz\n")
        let sick = try await account.run("token", "--url", account.url)
        #expect(try await account.shell(try hint(sick)).status == 0, "\(sick)")
        #expect(try await account.run("token", "--url", account.url).status == 0)
    }

    /// What cannot be told is to be looked at, in the editor.
    @Test(arguments: [
        ("scope = \"a", "9: a double quote is not closed", "9"), ("scope a", "9: after the key comes", "9"),
        ("timeout = soon", "9: timeout: \"soon\" is not a duration", "9"),
        ("xyzzy = 1", "9: unknown key \"xyzzy\"", "9"), ("\n[xyzzy]", "10: unknown section [xyzzy]", "10"),
        ("param = a", "9: param is not of the form", "9"),
        // The first place on the line is the key's.
        ("url = rl", "9: url: \"rl\" does not begin with", "9"),
    ])
    func isShownInTheEditor(_ line: String, _ error: String, _ number: String) async throws {
        let (account, config) = try account()
        try account.helper.config(config + line + "\n")
        let sick = try await account.run("token")
        #expect(sick.errors.contains(error), "\(sick)")
        let edited = try await account.shell(try hint(sick), environment: ["EDITOR": "echo edits"])
        #expect(edited.output == "edits +\(number) \(account.helper.configFolder.path("config"))\n")
    }

    @Test func aConfigFileThatIsNotThereCanBeMade() async throws {
        let account = try Account()
        let path = account.home.path("other config")
        let sick = try await account.run("token", "--config", path)
        #expect(sick.status == 78 && sick.errors.contains("cannot open the config file"), "\(sick)")
        let hint = try hint(sick)
        #expect(hint == "to make it: butlr-credential login --config '\(path)'")
        let terminal = try Terminal(
            account.helper.client(
                "sh", ["-c", String(hint.dropFirst("to make it: ".count))],
                environment: ["BUTLR_BASE_URL": account.url]))
        try await terminal.expect("[client-credentials]: ")
        terminal.type("\n")
        try await terminal.expect("Client ID: ")
        terminal.type("client_sandbox\n")
        try await terminal.expect("(not shown): ")
        try await terminal.expectEcho(false)
        terminal.type(Account.canary + "\n")
        #expect(try await terminal.wait().exit == .status(0), "\(terminal.screen)")
        #expect(try await account.run("token", "--config", path).status == 0)
    }

    // MARK: A URL without a scheme

    @Test func aURLWithoutASchemeIsCompleted() async throws {
        let account = try Account()
        for option in ["--url", "--base-url"] {
            let login = try await account.run("login", option, "git.example.com")
            #expect(login.errors.contains("did you mean \"https://git.example.com\"?\n"), "\(login)")
        }
        let token = try await account.run("token", "--url", "git.example.com/a")
        #expect(token.errors.hasSuffix("\n  did you mean https://git.example.com/a?\n"), "\(token)")
        for odd in ["ftp://a.example.com", "mailto:ada", "a b", "user@", ""] {
            let login = try await account.run("login", "--url", odd)
            #expect(!login.errors.contains("did you mean"), "\(login)")
        }
    }

    @Test func aVariableIsCompleted() async throws {
        let account = try Account()
        try account.helper.configFolder.remove("config")
        let variables = [
            "BUTLR_CLIENT_ID": "client_sandbox", "BUTLR_CLIENT_SECRET": Account.canary,
            "BUTLR_BASE_URL": account.url, "BUTLR_URLS": "https://a.example.com b.example.com",
        ]
        let sick = try await account.run("token", environment: variables)
        #expect(sick.errors.contains("BUTLR_URLS: \"b.example.com\" does not begin with https://"), "\(sick)")
        let hint = try hint(sick)
        #expect(hint == "export BUTLR_URLS='https://a.example.com https://b.example.com'")
        let mended = try await account.shell(
            "\(hint); butlr-credential token --url https://b.example.com", environment: variables)
        #expect(mended.status == 0, "\(mended)")
    }
}
