import TestSupport
import Testing

/// What holds for every command: options, variables, names and help.
@Suite struct CommandLineTests {
    /// Two profiles, each with a token of its own, in two files.
    struct Accounts {
        let first: Account
        let second: Account

        init(environment: [String: String?] = [:]) throws {
            second = try Account(token: "second")
            first = try Account(
                profile: """
                        url = https://git.example.com/
                    [profile "other"]
                        provider = oauth2
                        token-endpoint = \(second.provider.url)/other
                        client-id = cli
                        client-secret = plain:s3cret
                        url = https://other.example/
                    """, environment: environment)
        }

        var secondFile: String { second.helper.configFolder.path("config") }
    }

    @Test(
        arguments: [
            (["--profile", "other", "token"], "second"), (["--profile=other", "token"], "second"),
            (["token", "--profile", "other"], "second"), (["token", "--profile=other"], "second"),
            (["token", "--format", "raw", "--profile", "other", "--min-ttl", "1"], "second"),
            (["token", "--profile", "other", "--profile", "default"], "sesame"),
            (["--config", "FILE", "token"], "second"), (["token", "--config=FILE"], "second"),
            (["--no-input", "--verbose", "token"], "sesame"),
            (["token", "--no-input", "--verbose"], "sesame"),
        ] as [([String], String)])
    func takesOptionsBeforeAndAfterTheCommand(arguments: [String], token: String) async throws {
        let accounts = try Accounts()
        let result = try await accounts.first.helper.program(
            arguments.map { $0.replacing("FILE", with: accounts.secondFile) }
        ).run()
        #expect(result.output == token + "\n", "\(result)")
        #expect(result.status == 0)
    }

    @Test(
        arguments: [
            (["BUTLR_PROFILE": "other"], ["token"], "second"), (["BUTLR_PROFILE": ""], ["token"], "sesame"),
            (["BUTLR_PROFILE": "other"], ["token", "--profile", "default"], "sesame"),
            (["BUTLR_CONFIG": "FILE"], ["token"], "second"), (["BUTLR_CONFIG": ""], ["token"], "sesame"),
            (["BUTLR_CONFIG": "/nowhere"], ["token", "--config", "FILE"], "second"),
            (["BUTLR_LOG": "nonsense", "BUTLR_NO_INPUT": "1"], ["token"], "sesame"),
        ] as [([String: String], [String], String)])
    func takesVariablesForOptions(
        environment: [String: String], arguments: [String], token: String
    ) async throws {
        let accounts = try Accounts()
        let result = try await accounts.first.helper.program(
            arguments.map { $0.replacing("FILE", with: accounts.secondFile) },
            environment: environment.mapValues { $0.replacing("FILE", with: accounts.secondFile) }
        ).run()
        #expect(Answer(result) == Answer(token + "\n"))
    }

    /// An account of what is done goes to standard error, with no secret in it.
    @Test(
        arguments: [
            (["token"], "debug", true), (["token"], "trace", true), (["token", "--verbose"], nil, true),
            (["token", "--verbose"], "", true), (["token"], nil, false), (["token"], "", false),
        ] as [([String], String?, Bool)])
    func tellsWhatItDoes(arguments: [String], level: String?, isTold: Bool) async throws {
        let account = try Account(members: #","refresh_token":"again""#)
        let result = try await account.helper.program(arguments, environment: ["BUTLR_LOG": level]).run()
        #expect(result.output == "sesame\n")
        #expect(result.errors.isEmpty == !isTold, "\(result)")
        for secret in ["sesame", "s3cret", "again", "Y2xpOnMzY3JldA=="] {
            #expect(!result.errors.contains(secret), "\(result)")
        }
    }

    /// Which files are read, why this profile, what is in the store, whose turn it is, what is asked for.
    @Test func tracesItsDecisions() async throws {
        let account = try Account()
        let input = Program.Input.text(#"{"uri":"https://git.example.com/a?b=canary"}"#)
        let first = try await account.helper.run("get", input: input, environment: ["BUTLR_LOG": "trace"])
        for part in [
            "config: \(account.helper.configFolder.path("config"))\n",
            "profile \"default\" serves https://git.example.com/a, from ",
            "profile \"default\": no token is stored\n",
            "profile \"default\": has the lock", "profile \"default\": logs in at ",
            "profile \"default\": the answer is a token from ",
        ] {
            #expect(first.errors.contains(part), "\(part): \(first)")
        }
        let second = try await account.helper.run("get", input: input, environment: ["BUTLR_LOG": "trace"])
        #expect(second.errors.contains("profile \"default\": stored is a token from "), "\(second)")
        #expect(!"\(first.errors)\(second.errors)".contains("canary"))
        let debug = try await account.helper.run("get", input: input, environment: ["BUTLR_LOG": "debug"])
        #expect(!debug.errors.contains("serves"), "\(debug)")
    }

    /// Names come from a file, and a terminal may take a C1 control for the begin of a command.
    @Test func cleansANameInEveryMessage() async throws {
        let account = try Account(refusal: .http("{}", status: 400))
        let config = try account.helper.configFolder.read("config")
        try account.helper.config(config.replacing("\"default\"", with: "\"de\u{9B}31mfault\""))
        for arguments in [["token"], ["get"], ["status"], ["doctor"], ["login", "--no-input"], ["logout"]] {
            let result = try await account.helper.program(
                arguments + ["--profile", "de\u{9B}31mfault"], environment: ["BUTLR_LOG": "trace"]
            ).run()
            #expect(!"\(result.output)\(result.errors)".contains("\u{9B}"), "\(arguments): \(result)")
        }
    }

    @Test(arguments: ["x", "-1", "1.5", "0x10", "0", "11m"], ["token", "get"])
    func refusesATimeoutThatIsNone(timeout: String, command: String) async throws {
        let account = try Account()
        let result = try await account.helper.client(
            "sh", ["-c", #"{ sleep 0.2; echo {}; } | "$0" "$1""#, account.helper.executable, command],
            environment: ["BUTLR_TIMEOUT": timeout]
        ).run()
        #expect(result.status == 78, "\(result)")
        #expect(result.errors.contains("BUTLR_TIMEOUT"), "\(result)")
        #expect(account.provider.connectionCount == 0)
    }

    @Test func endsWithItsTimeout() async throws {
        let account = try Account(refusal: .hang, environment: ["BUTLR_TIMEOUT": "1"])
        let outcome = try Outcome(try await account.helper.run("get"))
        #expect(outcome.code == "temporary-failure")
    }

    @Test(
        arguments: [
            ([], "Usage: butlr-credential"), (["--profile"], "--profile needs a value"),
            (["token", "--config"], "--config needs a value"), (["tokn"], "did you mean token?"),
            (["TOKEN"], "did you mean token?"), (["zzzzzz"], "butlr-credential help"), ([""], "help"),
            (["--verbos", "token"], "did you mean --verbose?"), (["-x"], "-x"),
            (["help", "tokn"], "did you mean token?"),
            (["\u{1B}[31m"], "[31m"),
        ] as [([String], String)])
    func refusesAWrongCommandLine(arguments: [String], reason: String) async throws {
        let account = try Account()
        let result = try await account.helper.program(arguments).run()
        #expect(result.output == "")
        #expect(result.errors.contains(reason), "\(result)")
        #expect(!result.errorBytes.contains(0x1B))
        #expect(result.status == 64)
        #expect(try account.isUntouched)
    }

    static let commands = ["get", "token", "git", "kubernetes"]

    @Test(arguments: [["help"], ["--help"], ["-h"], ["help", "help"], ["help", "version"]])
    func explainsItself(arguments: [String]) async throws {
        let account = try Account()
        let result = try await account.helper.program(arguments).run()
        #expect(result.output.hasPrefix("Usage: butlr-credential "))
        for word in Self.commands + ["help", "version", "--profile", "--config", "--verbose", "--no-input"] {
            #expect(result.output.contains("\n  \(word) "), "\(word)")
        }
        #expect(result.output.split(separator: "\n").allSatisfy { $0.count <= 110 }, "\(result)")
        #expect(result.errors == "")
        #expect(result.status == 0)
        #expect(try account.isUntouched)
    }

    @Test(arguments: commands, [false, true])
    func explainsEachCommand(command: String, byOption: Bool) async throws {
        let helper = try Helper()
        let result = try await helper.program(byOption ? [command, "--help"] : ["help", command]).run()
        #expect(result.output.hasPrefix("Usage: butlr-credential \(command)"))
        #expect(result.errors == "")
        #expect(result.status == 0)
    }

    @Test(arguments: [["version"], ["--version"]])
    func tellsItsVersion(arguments: [String]) async throws {
        let helper = try Helper()
        let result = try await helper.program(arguments).run()
        #expect(result.output.wholeMatch(of: /butlr-credential [0-9]+\.[0-9]+\.[0-9]+\n/) != nil, "\(result)")
        #expect(result.errors == "")
        #expect(result.status == 0)
    }

    // MARK: Names

    @Test(arguments: [["get"], ["--profile", "default", "get"], ["get", "--profile", "default"]])
    func isGitsHelperByName(arguments: [String]) async throws {
        let account = try Account()
        try account.helper.install(as: "git-credential-butlr")
        let result = try await account.helper.client(
            account.helper.home.path("bin/git-credential-butlr"), arguments
        ).run(input: .text(GitTranscriptTests.place))
        #expect(result.output.hasPrefix("username=oauth2\npassword=sesame\n"), "\(result)")
        #expect(result.status == 0)
    }

    @Test(arguments: [["--help"], ["-h"]])
    func explainsItselfByName(arguments: [String]) async throws {
        let helper = try Helper()
        var program = helper.program(arguments)
        program.calledAs = "/usr/bin/git-credential-butlr"
        let result = try await program.run()
        #expect(result.output.contains("git-credential-butlr"))
        #expect(result.status == 0)
    }

    @Test func isItselfByAnyOtherName() async throws {
        let account = try Account()
        for name in ["butlr", "credential-butlr", "/opt/x/butlr-credential-1.0", ""] {
            var program = account.helper.program(["token"])
            program.calledAs = name
            #expect(Answer(try await program.run()) == Answer("sesame\n"), "\(name)")
        }
    }

    // MARK: On a terminal

    /// Commands that read standard input, and the status of refusing to.
    static let readers: [([String], Int32)] = [
        (["get"], 64), (["git", "get"], 64), (["git", "store"], 64), (["git", "erase"], 64),
        (["git", "approve"], 64), (["kubernetes"], 64), (["docker", "get"], 1), (["docker", "store"], 1),
        (["docker", "erase"], 1), (["cargo"], 64),
    ]

    /// Typed by a person, a command that would wait for input says what it is for.
    @Test(arguments: readers)
    func explainsItselfOnATerminal(arguments: [String], status: Int32) async throws {
        // What waits for input all the same ends soon, but otherwise.
        let account = try Account(environment: ["BUTLR_TIMEOUT": "3"])
        let terminal = try PseudoTerminal()
        let result = try await terminal.program(account.helper, arguments).run()
        // docker takes the reason from standard output.
        #expect((result.errors + result.output).contains("\(arguments[0]) is called by "), "\(result)")
        #expect(result.status == status)
        #expect(try account.isUntouched)
    }

    @Test func givesATokenOnATerminal() async throws {
        let account = try Account()
        let terminal = try PseudoTerminal()
        #expect(Answer(try await terminal.program(account.helper, ["token"]).run()) == Answer("sesame\n"))
    }
}
