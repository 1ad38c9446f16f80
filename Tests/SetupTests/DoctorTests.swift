import Platform
import TestSupport
import Testing

/// What `doctor` prints.
@Suite struct DoctorTests {
    /// An account in which nothing depends on what this machine has: a `PATH` of its own, and the helper as a file.
    private func account(urls: [String] = []) async throws -> Account {
        let account = try Account(urls: urls)
        let copy = try await account.shell(
            "cd ~/bin && rm butlr-credential && cp '\(account.helper.executable)' butlr-credential"
                + " && for n in git-credential-butlr docker-credential-butlr cargo-credential-butlr butlr-askpass; do"
                + " ln -sf butlr-credential $n; done")
        try #require(copy.status == 0, "\(copy)")
        return account
    }

    private func doctor(
        _ account: Account, _ arguments: String..., environment: [String: String?] = [:]
    ) async throws -> Program.Outcome {
        let home = account.home.path
        var environment = environment
        environment["PATH"] = "\(home)/bin"
        environment["XDG_CONFIG_DIRS"] = "\(home)/etc"
        let program = account.helper.client(
            account.home.path("bin/butlr-credential"), ["doctor"] + arguments, environment: environment)
        let outcome = try await program.run()
        #expect(!outcome.output.contains(Account.canary) && !outcome.errors.contains(Account.canary))
        return outcome
    }

    /// The report without what differs from machine to machine.
    private func stable(_ text: String, _ account: Account) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines[0] = "butlr-credential VERSION, SYSTEM"
        // libcurl's version is as long as there are libraries in it.
        if let start = lines.firstIndex(where: { $0.hasPrefix("  ok    libcurl/") }) {
            let end = lines[(start + 1)...].firstIndex { $0.hasPrefix("  ok") } ?? lines.endIndex
            lines.replaceSubrange(start..<end, with: ["  ok    LIBCURL"])
        }
        return lines.joined(separator: "\n").replacing(account.url, with: "http://PROVIDER")
    }

    @Test func isReadableAtEightyColumns() async throws {
        let account = try await account(urls: ["https://git.example.com/"])
        try account.home.writeScript("bin/git", "#!/bin/sh\n")
        try account.home.writeScript("bin/docker", "#!/bin/sh\n")
        try account.home.write(".docker/config.json", #"{"credHelpers":{"git.example.com":"butlr"}}"#)
        let outcome = try await doctor(account)
        #expect(outcome.status == 0 && outcome.errors == "", "\(outcome)")
        #expect(
            stable(outcome.output, account) == """
                butlr-credential VERSION, SYSTEM

                program
                  ok    ~/bin/butlr-credential is on the PATH
                  ok    its names for other tools are on the PATH, too

                config
                  ok    ~/.config/butlr-credential/config is read
                  ok    ~/etc/butlr-credential/config is not there
                  ok    profiles: default

                secrets
                  ok    profile "default": client-secret: from
                        file:~/.config/butlr-credential/secrets/default

                store
                  ok    access tokens can be kept in ~/.cache/butlr-credential
                  ok    refresh tokens and locks can be kept in ~/.local/state/butlr-credential
                  ok    profile "default": the lock is free
                  ok    profile "default": no token is stored

                network
                  ok    LIBCURL
                  ok    no proxy in the environment
                  ok    certificates: those that libcurl trusts

                clock
                  ok    nothing to compare this clock with; --online asks the provider

                tools
                  ok    docker calls docker-credential-butlr
                  ok    not set up (butlr-credential setup TOOL does that): git

                Nothing has failed.

                """, "\(outcome)")
        #expect(account.sandbox.requests.isEmpty, "offline, nobody is asked")
        #expect(try account.helper.cacheFolder.list().isEmpty && !account.home.exists(".cache"))
    }

    @Test func showsEachFailureWithItsCommand() async throws {
        let account = try await account()
        try account.helper.configFolder.setMode("secrets/default", 0o640)
        try account.home.write(".cache/butlr-credential", "in the way")
        try account.home.remove("bin/butlr-askpass")
        let outcome = try await doctor(
            account, environment: ["https_proxy": "http://u:\(Account.canary)@proxy:3128"])
        #expect(outcome.status == 78)
        #expect(
            stable(outcome.output, account) == """
                butlr-credential VERSION, SYSTEM

                program
                  ok    ~/bin/butlr-credential is on the PATH
                  warn  not on the PATH: butlr-askpass
                        $ ln -sf ~/bin/butlr-credential ~/bin/butlr-askpass

                config
                  ok    ~/.config/butlr-credential/config is read
                  ok    ~/etc/butlr-credential/config is not there
                  ok    profiles: default

                secrets
                  fail  profile "default": client-secret:
                        file:~/.config/butlr-credential/secrets/default can be read or written
                        by others
                        $ chmod 600 ~/.config/butlr-credential/secrets/default

                store
                  fail  access tokens cannot be kept in ~/.cache/butlr-credential: Not a
                        directory
                        $ mv ~/.cache/butlr-credential ~/.cache/butlr-credential.old
                  ok    refresh tokens and locks can be kept in ~/.local/state/butlr-credential
                  ok    profile "default": the lock is free
                  ok    profile "default": no token is stored

                network
                  ok    LIBCURL
                  ok    https_proxy=http://proxy:3128
                  ok    certificates: those that libcurl trusts

                clock
                  ok    nothing to compare this clock with; --online asks the provider

                2 failed, 1 warned.

                """, "\(outcome)")
    }

    /// Only what cannot be broken, such as a command to be copied, is wider than the window.
    @Test(arguments: [30, 50]) func fitsANarrowWindow(_ width: Int) async throws {
        let account = try await account()
        try account.helper.configFolder.setMode("secrets/default", 0o640)
        let outcome = try await doctor(account, environment: ["COLUMNS": "\(width)"])
        for line in outcome.output.split(separator: "\n").dropFirst() {
            #expect(
                line.count <= width || line.contains("$ ") || line.split(separator: " ").count <= 2, "\(line)"
            )
        }
    }

    @Test func asksEachProviderOnce() async throws {
        let account = try await account()
        let outcome = try await doctor(account, "--online")
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.output.contains("this clock and the provider's agree"), "\(outcome)")
        #expect(outcome.output.contains("profile \"default\": a token for "), "\(outcome)")
        #expect(account.sandbox.requests.count == 1)
        #expect(try account.helper.cacheFolder.files().isEmpty, "no token is kept")
    }

    @Test func tellsOfStoredTokensAndFailures() async throws {
        let account = try await account()
        try await account.run("token")
        let good = try await doctor(account)
        #expect(good.output.contains(/a token is stored, good for (60|5\d) minutes/), "\(good)")
        try account.helper.configFolder.write("secrets/default", "wrong\n")
        try await account.run("token", "--force-refresh")
        let bad = try await doctor(account)
        #expect(bad.output.contains("the last request failed"), "\(bad)")
        #expect(bad.output.contains("$ butlr-credential login --profile default\n"), "\(bad)")
        #expect(!bad.output.contains("--force-refresh"), "a refused secret is not sent again: \(bad)")
    }

    @Test func triesSecretsInTheirOrder() async throws {
        let account = try await account()
        let second = "file:\(account.helper.configFolder.path("secrets/default"))"
        try account.configure(secret: "env:NO_SUCH", further: ["client-secret = \(second)"])
        let outcome = try await doctor(account)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(outcome.output.contains("client-secret: env:NO_SUCH is not set; from"), "\(outcome)")
    }

    @Test func namesAHelperThatIsGone() async throws {
        let account = try await account()
        try account.home.writeScript("bin/bazel", "#!/bin/sh\n")
        try account.home.write(
            ".bazelrc", "common --credential_helper=a.example.com=/gone/butlr-credential\n")
        let outcome = try await doctor(account)
        #expect(outcome.status == 78, "\(outcome)")
        #expect(
            outcome.output.contains("bazel calls /gone/butlr-credential, which is not there"), "\(outcome)")
    }

    /// What `setup pip` and `doctor` print leads to a pip that calls the helper, installed with that name or not.
    @Test(arguments: [false, true]) func hasPipFindTheHelper(isInstalled: Bool) async throws {
        let account = try await account(urls: ["https://pypi.example.com/"])
        try account.home.writeScript("bin/pip", "#!/bin/sh\n")
        if isInstalled {
            try account.home.makeFolder("libexec/butlr-credential")
            try account.home.link(
                "libexec/butlr-credential/keyring", to: account.home.path("bin/butlr-credential"))
        }
        let place = account.home.path("libexec/butlr-credential")
        let export = "export PATH=\(place):\"$PATH\"\n"
        let setup = try await account.shell("~/bin/butlr-credential setup pip")
        #expect(setup.output.contains(export), "\(setup)")
        let before = try await doctor(account)
        #expect(before.status == 0, "\(before)")
        #expect(before.output.contains("warn  pip calls keyring, which is not on the PATH\n"), "\(before)")
        #expect(before.output.contains("\n        $ export PATH=\(place)") == isInstalled, "\(before)")
        let command = try #require(before.output.split(separator: "\n").first { $0.contains("export PATH=") })
        #expect("\(command)\n".hasSuffix(export))
        let after = try await account.shell(
            "\(command.drop { $0 != "$" }.dropFirst(2)); ~/bin/butlr-credential doctor; command -v keyring")
        #expect(after.output.contains("ok    pip calls keyring\n"), "\(after)")
        #expect(after.output.hasSuffix("\(place)/keyring\n"), "\(after)")

        // Another keyring that comes first is named; where nobody had setup do it, it is what the user wants.
        try account.home.writeScript("bin/keyring", "#!/bin/sh\n")
        let other = try await doctor(account)
        #expect(
            other.output.contains("warn  pip calls another program: ~/bin/keyring\n"), "\(other)")
        try account.home.write(".config/pip/pip.conf", "[global]\nkeyring-provider = subprocess\n")
        let wanted = try await doctor(account)
        #expect(wanted.output.contains("does that): pip\n"), "\(wanted)")
    }

    /// Two accounts of one provider have its base URL in common, which is no mistake.
    @Test func namesProfilesThatListTheSameURL() async throws {
        let account = try await account()
        let one = try account.helper.configFolder.read("config")
        let other = one.split(separator: "default", maxSplits: 1).joined(separator: "other")
        try account.helper.config(one + other)
        let quiet = try await doctor(account)
        #expect(!quiet.output.contains("the profiles"), "\(quiet)")
        try account.helper.config(
            one + other + "url = https://a.example/\n[profile \"default\"]\nurl = https://A.example")
        let tied = try await doctor(account)
        #expect(tied.status == 0, "\(tied)")
        #expect(
            tied.output.contains(
                """
                  warn  the profiles "default" and "other" list https://a.example equally well,
                        so a caller that names none of them gets no token
                        $ export BUTLR_PROFILE=default

                """), "\(tied)")
        let chosen = try await doctor(account, environment: ["BUTLR_PROFILE": "default"])
        #expect(!chosen.output.contains("the profiles"), "\(chosen)")
    }

    /// Somebody's helper for the same server stays, and what puts this one in its place is said.
    @Test(.clients("git")) func namesAHelperThatGitAsksFirst() async throws {
        let account = try Account(urls: ["https://git.example.com/"])
        try account.home.write(
            ".gitconfig",
            "[credential \"https://git.example.com\"]\n\thelper = \"!echo password=\(Account.canary); :\"\n")
        let setup = try await account.run("setup", "git")
        let command =
            "git config --file .gitconfig --unset-all credential.https://git.example.com.helper"
            + " && butlr-credential setup git\n"
        func isTold(_ outcome: Program.Outcome) -> Bool {
            outcome.output.split(separator: account.home.path + "/").joined()
                .split(separator: "~/").joined().contains(command)
        }
        #expect(setup.output.contains("git asks another helper first at") && isTold(setup), "\(setup)")
        let sick = try await account.run("doctor")
        #expect(sick.output.contains("warn  git asks another helper first") && isTold(sick), "\(sick)")
        #expect(try await account.shell(command).status == 0)
        let mended = try await account.run("doctor")
        #expect(!mended.output.contains("another helper"), "\(mended)")
        let again = try await account.run("setup", "git")
        #expect(!again.output.contains("another helper"), "\(again)")
    }

    /// Of two files that define a profile the nearer one wins, and both win over the environment.
    @Test func saysWhichFileWins() async throws {
        let account = try await account()
        let own = try account.helper.configFolder.read("config")
        try account.home.write(
            "etc/butlr-credential/config", "[profile \"other\"]\n" + own.dropFirst(20) + own)
        let outcome = try await doctor(
            account, environment: ["BUTLR_CLIENT_ID": "a", "BUTLR_CLIENT_SECRET": Account.canary])
        #expect(outcome.status == 0, "\(outcome)")
        #expect(
            outcome.output.contains(
                """
                  ok    profiles: default, other
                  ok    profile "default" is that of ~/.config/butlr-credential/config:1, not
                        that of ~/etc/butlr-credential/config:5
                  ok    profile "default" is that of ~/.config/butlr-credential/config:1, not
                        that of the environment

                """), "\(outcome)")
        let plain = try await doctor(account)
        #expect(!plain.output.contains("that of the environment"), "\(plain)")
    }

    /// A folder on the way that somebody else owns; only root can make one.
    @Test(.enabled(if: geteuid() == 0)) func namesAFolderOfAnotherUser() async throws {
        let account = try await account()
        let folder = account.home.path(".config")
        #expect(chown(folder, 12_345, 12_345) == 0)
        let sick = try await doctor(account)
        #expect(sick.output.contains("warn  ~/.config belongs to another user"), "\(sick)")
        let command = try #require(sick.output.split(separator: "\n").first { $0.contains("$ chown") })
        try await account.shell(String(command.drop { $0 != "$" }.dropFirst(2)))
        let mended = try await doctor(account)
        #expect(!mended.output.contains("another user"), "\(mended)")
    }

    /// Without a request, what is stored tells of the clock.
    @Test(.clients("sed")) func knowsAClockThatWasSetBack() async throws {
        let account = try await account()
        #expect(try await account.run("token").status == 0)
        let aged = try await account.shell(
            "sed -i -E 's/\"(issued|expires)\":1/\"\\1\":2/g' ~/.cache/butlr-credential/*")
        try #require(aged.status == 0, "\(aged)")
        let outcome = try await doctor(account)
        #expect(outcome.status == 78 && outcome.output.contains("is from the future"), "\(outcome)")
        #expect(outcome.output.contains("$ timedatectl set-ntp true"), "\(outcome)")
    }

    @Test func saysThatOthersMayChangeTheConfig() async throws {
        let account = try await account()
        try account.home.setMode(".config/butlr-credential/config", 0o666)
        let outcome = try await doctor(account)
        #expect(outcome.status == 78, "\(outcome)")
        #expect(outcome.output.contains("$ chmod go-w ~/.config/butlr-credential/config"), "\(outcome)")
        try account.home.setMode(".config/butlr-credential/config", 0o600)
        try account.home.setMode(".config", 0o777)
        let warned = try await doctor(account)
        #expect(warned.status == 0 && warned.output.contains("$ chmod go-w ~/.config\n"), "\(warned)")
    }

    @Test(.clients("strace")) func saysThatThereAreNoLocks() async throws {
        let account = try await account()
        try await account.run("token")
        let outcome = try await account.helper.client(
            "strace",
            ["-f", "-qq", "-o", "/dev/null", "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK"]
                + [account.helper.executable, "doctor"]
        ).run()
        #expect(outcome.output.contains("there are no locks in "), "\(outcome)")
        #expect(outcome.output.contains("$ export XDG_STATE_HOME=…\n"), "\(outcome)")
    }

    /// To give the user what somebody else has put there would be to believe it.
    @Test func saysWhatToDoWithFilesThatDoNotCount() async throws {
        if geteuid() != 0 { try Test.cancel("needs root") }
        let account = try await account()
        try await account.run("token")
        let own = try #require(try account.helper.cacheFolder.files().first { $0.hasSuffix(".token") })
        try account.helper.cacheFolder.setMode(own, 0o644)
        try account.helper.cacheFolder.write("planted.token", "{}")
        try #require(chown(account.helper.cacheFolder.path("planted.token"), 65534, 65534) == 0)
        let outcome = try await doctor(account)
        #expect(outcome.output.contains("$ rm ~/.cache/butlr-credential/planted.token\n"), "\(outcome)")
        #expect(outcome.output.contains("$ chmod go= ~/.cache/butlr-credential/\(own)\n"), "\(outcome)")
    }

    @Test func takesAwayWhatAKilledOneLeft() async throws {
        let account = try await account()
        let dead = try await account.shell("echo $$").output.filter(\.isNumber)
        let kept = "probe-\(getpid())"
        for name in ["probe-\(dead)", "probe-\(dead).new", kept] {
            try account.helper.cacheFolder.write(name, "")
        }
        let outcome = try await doctor(account)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try account.helper.cacheFolder.list() == [kept], "another's may still be in use")
    }

    @Test(.clients("git")) func saysThatGitSendsNoPath() async throws {
        let account = try Account(urls: ["https://git.example.com/team/"])
        try account.home.write(".gitconfig", "[credential]\n\thelper = butlr\n")
        let before = try await account.run("doctor")
        #expect(before.output.contains("git sends no path"), "\(before)")
        let command = try #require(before.output.split(separator: "\n").first { $0.contains("useHttpPath") })
        try await account.shell(String(command.drop { $0 != "$" }.dropFirst(2)))
        let after = try await account.run("doctor")
        #expect(!after.output.contains("git sends no path"), "\(after)")
    }

    /// Text from a server, a file or a variable cannot imitate a line of the report.
    @Test func takesControlCharactersOutOfForeignText() async throws {
        let account = try await account()
        let outcome = try await doctor(account, environment: ["https_proxy": "http://a\n  fail  b\u{1B}[31m"])
        #expect(!outcome.output.contains("\u{1B}") && !outcome.output.contains("\n  fail"), "\(outcome)")
    }
}

extension String {
    fileprivate func replacing(_ part: String, with other: String) -> String {
        split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
    }
}
