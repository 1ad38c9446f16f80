import Platform
import TestSupport
import Testing

/// `integrations/install`, with a program that is built already.
@Suite struct InstallTests {
    private let home: TemporaryFolder
    private let binary: String
    private let script: String

    init() throws {
        home = try TemporaryFolder()
        binary = try Helper.builtExecutable("butlr-credential")
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        script = "/\(root)/integrations/install"
    }

    private var prefix: Folder { home.folder("a prefix") }

    private func install(_ arguments: String...) async throws -> Program.Outcome {
        var environment: [String: String] = .inherited("PATH")
        environment["HOME"] = home.path
        environment["BUTLR_INSTALL_BINARY"] = binary
        return try await Program(
            "sh", [script, "--prefix", prefix.path] + arguments, environment: environment
        ).run()
    }

    @Test func installsAndTakesAway() async throws {
        let installed = try await install()
        #expect(installed.status == 0, "\(installed)")
        let names = ["git-credential-butlr", "docker-credential-butlr", "butlr-askpass"]
        for name in names + ["cargo-credential-butlr", "terraform-credentials-butlr", "butlr-credential"] {
            #expect(try prefix.readBytes("bin/\(name)") == Folder("/").readBytes(binary), "\(name)")
        }
        #expect(prefix.exists("share/man/man1/butlr-credential.1"))
        #expect(prefix.exists("share/man/man5/butlr-credential-config.5"))
        #expect(prefix.exists("share/man/man7/butlr-credential-security.7"))
        #expect(!prefix.exists("libexec"))
        let completions = [
            "bash-completion/completions/butlr-credential", "zsh/site-functions/_butlr-credential",
            "fish/vendor_completions.d/butlr-credential.fish",
        ]
        for file in completions {
            #expect(try prefix.read("share/\(file)").contains("butlr-credential"), "\(file)")
        }
        let version = try await Program(prefix.path("bin/docker-credential-butlr"), ["version"]).run()
        #expect(version.output.hasPrefix("butlr-credential "), "\(version)")
        let removed = try await install("--uninstall")
        #expect(removed.status == 0, "\(removed)")
        #expect(try home.list() == [])
        #expect(try await install("--uninstall").status == 1)
    }

    /// Each shell completes from where the scripts are installed, from the first time on.
    @Test(.clients("bash", "zsh", "fish")) func completesInEachShell() async throws {
        #expect(try await install().status == 0)
        let share = prefix.path("share")
        func shell(_ name: String, _ arguments: [String]) -> Program {
            Program(
                name, arguments,
                environment: [
                    "HOME": home.path, "PATH": "\(prefix.path("bin")):/usr/bin:/bin", "TERM": "xterm",
                    "PS1": "ready> ", "XDG_DATA_DIRS": share,
                ])
        }
        let set = [
            "bash": "source '\(share)/bash-completion/completions/butlr-credential'",
            "zsh": "fpath=('\(share)/zsh/site-functions' $fpath); autoload -U compinit && compinit -u -D",
        ]
        for (name, arguments) in [("bash", ["--norc", "--noprofile", "-i"]), ("zsh", ["-f", "-i"])] {
            let terminal = try Terminal(shell(name, arguments))
            try await terminal.expect("ready> ")
            terminal.type("\(set[name]!); echo s''et\n")
            try await terminal.expect("set\r\n")
            terminal.type("butlr-credential stat\t")
            try await terminal.expect("status")
            terminal.type("\u{15}exit 3\n")
            #expect(try await terminal.wait().exit == .status(3))
        }
        let fish = try await shell("fish", ["-c", "complete -C 'butlr-credential stat'"]).run()
        #expect(fish.output.hasPrefix("status\t"), "\(fish)")
    }

    @Test func leavesWhatOthersPutThere() async throws {
        try prefix.write("bin/other", "x")
        try prefix.makeFolder("share/man")
        _ = try await install("--keyring")
        #expect(prefix.exists("libexec/butlr-credential/keyring"))
        try prefix.write("share/man/man1/other.1", "x")
        try prefix.write("share/man/man5/butlr-credential-config.5", "changed")
        let removed = try await install("--uninstall")
        #expect(
            removed.errors.contains("butlr-credential-config.5 has been changed since, and stays"),
            "\(removed)")
        #expect(
            try prefix.list() == [
                "bin/", "bin/other", "share/", "share/man/", "share/man/man1/", "share/man/man1/other.1",
                "share/man/man5/", "share/man/man5/butlr-credential-config.5",
            ])
    }

    @Test func replacesAnEarlierVersion() async throws {
        _ = try await install("--keyring")
        let first = try prefix.list()
        // Another version of the program, and no keyring any more.
        try home.writeScript("other", "#!/bin/sh\n[ \"$1\" = version ] && echo other\n")
        var environment: [String: String] = .inherited("PATH")
        environment["HOME"] = home.path
        let other = try await Program(
            "sh", [script, "--prefix=\(prefix.path)", "--binary=\(home.path("other"))"],
            environment: environment
        ).run()
        #expect(other.status == 0, "\(other)")
        #expect(try prefix.read("bin/git-credential-butlr").contains("echo other"))
        #expect(first.contains("libexec/butlr-credential/keyring"))
        #expect(!prefix.exists("libexec/butlr-credential/keyring"))
        #expect(try await install("--uninstall").status == 0)
        #expect(!prefix.exists("bin") && !prefix.exists("libexec"))
    }

    @Test func refusesToReplaceAnotherProgram() async throws {
        try prefix.write("bin/butlr-askpass", "somebody else's")
        let outcome = try await install()
        #expect(outcome.status == 1 && outcome.errors.contains("is in the way"), "\(outcome)")
        #expect(try prefix.list() == ["bin/", "bin/butlr-askpass"])
    }

    /// Whoever starts the helper while it is being replaced gets a whole one.
    @Test func replacesWithoutAGap() async throws {
        _ = try await install()
        let program = prefix.path("bin/git-credential-butlr")
        let caller = try Program(
            "sh", ["-c", "while :; do '\(program)' capability >/dev/null || echo missed; done"],
            environment: .inherited("PATH")
        ).start()
        for _ in 0..<3 { #expect(try await install().status == 0) }
        await caller.kill()
        let outcome = try? await caller.wait()
        #expect(outcome?.output ?? "" == "")
    }

    @Test func refusesWrongUsage() async throws {
        #expect(try await install("--nonsense").status == 64)
        #expect(
            try await Program("sh", [script, "--prefix"], environment: .inherited("PATH")).run().status == 64)
    }

    @Test(.clients("shellcheck")) func isCleanShell() async throws {
        let outcome = try await Program("shellcheck", [script], environment: .inherited("PATH")).run()
        #expect(outcome.status == 0, "\(outcome)")
    }

    @Test(
        .clients("mandoc"),
        arguments: [
            "butlr-credential.1", "butlr-credential-config.5", "butlr-credential-protocol.7",
            "butlr-credential-security.7", "butlr-sandbox.1",
        ])
    func isDocumented(_ page: String) async throws {
        let root = script.split(separator: "/").dropLast(2).joined(separator: "/")
        let outcome = try await Program("mandoc", ["-T", "lint", "/\(root)/man/\(page)"]).run()
        let complaints = outcome.output.split(separator: "\n").filter {
            !$0.contains("referenced manual not found") && !$0.contains("outdated mandoc.db")
        }
        #expect(complaints.isEmpty, "\(outcome)")
    }
}
