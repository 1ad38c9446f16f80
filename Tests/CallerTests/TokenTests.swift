import Platform
import TestSupport
import Testing

/// `token`, for scripts.
@Suite struct TokenTests {
    /// Each character that a format could mistake for its own.
    static let awkward = #"a'b"c\d$e`f!g#h%i&j"#

    @Test(
        arguments: [
            ([], awkward), (["--format", "raw"], awkward), (["--format=raw"], awkward),
            (["--format", "json", "--format", "raw"], awkward),
            (["--format", "header"], "Authorization: Bearer " + awkward),
            (["--format", "curl"], #"header = "Authorization: Bearer a'b\"c\\d$e`f!g#h%i&j""#),
            (["--format", "env"], #"export BUTLR_ACCESS_TOKEN='a'\''b"c\d$e`f!g#h%i&j'"#),
            (
                ["--format", "json"],
                #"{"version":1,"profile":"default","access_token":"a'b\"c\\d$e`f!g#h%i&j","token_type":"Bearer","#
                    + #""expires":"TIME","#
                    + #""headers":{"Authorization":["Bearer a'b\"c\\d$e`f!g#h%i&j"]},"source":"cache"}"#
            ),
        ] as [([String], String)])
    func prints(arguments: [String], output: String) async throws {
        let account = try Account(token: Self.awkward)
        let expires = try await account.seed()
        // It reads no input, so one that never ends is no hindrance.
        let child = try account.helper.program(["token"] + arguments).start(input: .open)
        #expect(Answer(try await child.wait()) == Answer(output.ending(expires) + "\n"))
    }

    @Test func survivesTheShell() async throws {
        let account = try Account(token: Self.awkward)
        let result = try await account.helper.client(
            "sh",
            [
                "-c",
                #"eval "$("$0" token --format env)"; printf %s "$BUTLR_ACCESS_TOKEN"; env | grep -c ^BUTLR_ACCESS"#,
                account.helper.executable,
            ]
        ).run()
        #expect(Answer(result) == Answer(Self.awkward + "1\n"))
    }

    /// curl reads its own quoting, and sends the header as it is.
    @Test(.clients("curl")) func survivesCurl() async throws {
        let account = try Account(token: Self.awkward)
        let server = try ScriptedServer { _, _ in .http("welcome") }
        let result = try await account.helper.client(
            "sh",
            [
                "-c", #""$0" token --format curl | curl -q -sS --noproxy '*' -K - "$1""#,
                account.helper.executable, server.url,
            ]
        ).run()
        #expect(Answer(result) == Answer("welcome"))
        #expect(server.requests.first?.header("Authorization") == "Bearer " + Self.awkward)
    }

    @Test(
        arguments: [
            (["--url", "https://git.example.com/a"], "sesame"), (["--url=https://git.example.com"], "sesame"),
            (["--min-ttl", "0"], "sesame"), (["--min-ttl", "90"], "sesame"),
            (["--min-ttl", "90s"], "sesame"),
            (["--min-ttl", "59m"], "sesame"), (["--min-ttl", "61m"], "sesame-2"),
            (["--min-ttl=2h"], "sesame-2"), (["--min-ttl", "3601"], "sesame-2"),
            (["--force-refresh"], "sesame-2"), (["--force-refresh", "--min-ttl", "5m"], "sesame-2"),
        ] as [([String], String)])
    func choosesTheToken(arguments: [String], token: String) async throws {
        let account = try Account()
        try await account.seed()
        let result = try await account.helper.program(["token"] + arguments).run()
        #expect(result.output == token + "\n", "\(result)")
        #expect(result.status == 0)
    }

    @Test(
        arguments: [
            (["--min-ttl", ""], 64, ["--min-ttl", "90, 90s, 5m, 2h"]), (["--min-ttl", "5 m"], 64, ["5 m"]),
            (["--min-ttl", "-5"], 64, ["-5"]), (["--min-ttl", "5d"], 64, ["5d"]),
            (["--min-ttl", "1.5h"], 64, ["1.5h"]), (["--min-ttl", "1e3"], 64, ["1e3"]),
            (["--min-ttl", "9999h"], 64, ["9999h"]), (["--min-ttl", "99999999999999999999"], 64, ["9999"]),
            (["--min-ttl"], 64, ["--min-ttl needs a value"]), (["--url"], 64, ["--url needs a value"]),
            (["--format"], 64, ["--format needs a value"]),
            (["--format", "jsn"], 64, ["jsn", "did you mean json?"]),
            (["--format", "yaml"], 64, ["yaml", "raw, header, json, curl, env"]),
            (["--format="], 64, ["raw, header, json, curl, env"]),
            (["--fromat", "raw"], 64, ["--fromat", "did you mean --format?"]),
            (["--force-refersh"], 64, ["did you mean --force-refresh?"]),
            (["--no-inptu"], 64, ["did you mean --no-input?"]),
            (["--profil", "x"], 64, ["did you mean --profile?"]),
            (["--zzzzzzzzz"], 64, ["butlr-credential help token"]), (["-f"], 64, ["-f"]),
            (["--force-refresh=yes"], 64, ["takes no value"]),
            (["extra"], 64, ["extra", "help token"]), (["--", "--force-refresh"], 64, ["--force-refresh"]),
            (["\u{1B}[31mred"], 64, ["[31mred"]),
            (["--url", "https://evil.example/"], 69, ["https://evil.example/"]),
            (["--url", "git.example.com"], 69, ["git.example.com"]), (["--url", ""], 69, ["is not a URL"]),
            (["--profile", "other"], 78, ["other"]),
            (["--profile", "defualt"], 78, ["did you mean", "default"]),
        ] as [([String], Int32, [String])])
    func refuses(arguments: [String], status: Int32, reasons: [String]) async throws {
        let account = try Account()
        let result = try await account.helper.program(["token"] + arguments).run()
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("butlr-credential: "))
        for reason in reasons { #expect(result.errors.contains(reason), "\(result)") }
        #expect(!result.errorBytes.contains(0x1B))
        #expect(result.status == status)
        #expect(try account.isUntouched)
    }
}
