import TestSupport
import Testing

@Suite struct CompletionTests {
    /// A home with a profile whose name a shell might take for a command, and the helper on the `PATH`.
    private func home() throws -> Helper {
        let helper = try Helper(environment: ["TERM": "xterm"])
        try helper.install(as: "butlr-credential")
        try helper.config(
            """
            [profile "default"]
            [profile "dev $(touch owned)"]
            [profile "id"]

            """)
        try helper.home.write("other.conf", "[profile \"elsewhere\"]\n")
        return helper
    }

    private func candidates(_ words: String...) async throws -> [String] {
        let helper = try home()
        let result = try await helper.program(["completion", "candidates", "--", "butlr-credential"] + words)
            .run()
        #expect(result.status == 0 && result.errors.isEmpty)
        return result.output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
    }

    @Test func offersWhatMayStandThere() async throws {
        #expect(try await candidates("lo") == ["login", "logout"])
        #expect(try await candidates("help", "to") == ["token"])
        #expect(try await candidates("log", "") == [])
        #expect(try await candidates("token", "--f") == ["--format", "--force-refresh"])
        #expect(try await candidates("token", "--format", "") == ["raw", "header", "json", "curl", "env"])
        #expect(try await candidates("token", "--format=h") == ["--format=header"])
        #expect(try await candidates("token", "--format", "=", "c") == ["curl"])
        #expect(try await candidates("token", "--format", "=") == ["raw", "header", "json", "curl", "env"])
        #expect(try await candidates("git", "") == ["get", "store", "erase", "capability"])
        #expect(try await candidates("completion", "z") == ["zsh"])
        #expect(try await candidates("setup", "ku") == ["kubectl"])
        #expect(try await candidates("login", "--grant", "p") == ["password"])
        #expect(try await candidates("login", "--ca-file", "") == [":files"])
        #expect(try await candidates("exec", "--", "ma") == [":command"])
        #expect(try await candidates("--profile", "d") == ["default", "dev $(touch owned)"])
        #expect(try await candidates("token", "--profile=i") == ["--profile=id"])
        #expect(try await candidates("--config", "other.conf", "token", "--profile", "") == ["elsewhere"])
        #expect(try await candidates("--verb") == ["--verbose"])
        #expect(try await candidates("").count == 20)
        #expect(try await candidates("setup", "c") == ["containers", "cargo"])
    }

    @Test func offersNothingWhereTheConfigIsBroken() async throws {
        let helper = try Helper()
        try helper.config("nonsense")
        let result = try await helper.run(
            "completion", "candidates", "--", "butlr-credential", "--profile", "")
        #expect(result.status == 0 && result.output.isEmpty && result.errors.isEmpty)
    }

    // MARK: In its shell

    @Test(.clients("bash")) func completesInBash() async throws {
        let helper = try home()
        let shell = try Terminal(
            helper.client("bash", ["--norc", "--noprofile", "-i"], environment: ["PS1": "ready> "]))
        try await shell.expect("ready> ")
        shell.type("eval \"$(butlr-credential completion bash)\"\n")
        try await shell.expect("ready> ")
        for (typed, shown) in [
            ("butlr-credential stat\t", "butlr-credential status "),
            ("butlr-credential token --format h\t", "--format header "),
            ("butlr-credential token --format=h\t", "--format=header "),
            ("butlr-credential status --profile dev\t", #"--profile dev\ \$\(touch\ owned\) "#),
            ("butlr-credential --config oth\t", "--config other.conf "),
        ] {
            shell.type(typed)
            try await shell.expect(shown)
            shell.type("\u{15}")
        }
        shell.type("butlr-credential log\t\t")
        try await shell.expect("login   logout")
        shell.type("\u{15}exit 3\n")
        #expect(try await shell.wait().exit == .status(3))
        #expect(!helper.home.exists("owned"))
    }

    @Test(.clients("zsh")) func completesInZsh() async throws {
        let helper = try home()
        let shell = try Terminal(helper.client("zsh", ["-f", "-i"], environment: ["PS1": "ready> "]))
        try await shell.expect("ready> ")
        shell.type(
            "autoload -U compinit && compinit -u -D && eval \"$(butlr-credential completion zsh)\" && echo s''et\n"
        )
        try await shell.expect("set\r\n")
        for (typed, shown) in [
            ("butlr-credential stat\t", "status"),
            ("butlr-credential token --format h\t", "header"),
            ("butlr-credential token --format=h\t", "header"),
            ("butlr-credential status --profile dev\t", #"dev\ \$\(touch\ owned\)"#),
            ("butlr-credential --config oth\t", "er.conf"),
            ("butlr-credential log\t", "login"),
        ] {
            shell.type(typed)
            try await shell.expect(shown)
            shell.type("\u{15}")
        }
        shell.type("exit 3\n")
        #expect(try await shell.wait().exit == .status(3))
        #expect(!helper.home.exists("owned"))
    }

    @Test(.clients("fish")) func completesInFish() async throws {
        let helper = try home()
        func completions(_ line: String) async throws -> [String] {
            let result = try await helper.client(
                "fish",
                [
                    "--no-config", "-c",
                    "butlr-credential completion fish | source; complete -C \"$argv[1]\"", line,
                ]
            ).run()
            #expect(result.errors.isEmpty, "\(result)")
            return result.output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
        }
        #expect(try await completions("butlr-credential log") == ["login", "logout"])
        #expect(try await completions("butlr-credential token --format h") == ["header"])
        #expect(try await completions("butlr-credential token --format=h") == ["--format=header"])
        #expect(
            try await completions("butlr-credential --profile d") == ["default", "dev $(touch owned)"])
        #expect(try await completions("butlr-credential --config oth") == ["other.conf"])
        #expect(try await completions("butlr-credential exec -- bas").contains("basename"))
        #expect(!helper.home.exists("owned"))
    }

    @Test func namesTheShells() async throws {
        let helper = try Helper()
        #expect(try await helper.run("completion").status == 64)
        #expect(try await helper.run("completion", "tcsh").errors.contains("bash, zsh or fish"))
    }
}
