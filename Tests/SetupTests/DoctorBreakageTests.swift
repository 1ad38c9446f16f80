import Platform
import Sandbox
import Synchronization
import TestSupport
import Testing

/// Ways in which a set-up breaks: `doctor` names each, and the command that it gives mends it.
@Suite struct DoctorBreakageTests {
    struct Breakage: Sendable, CustomTestStringConvertible {
        let name: String
        /// What must be in the failure's text.
        let named: String
        /// What the command must begin with.
        let command: String
        /// What its questions are answered with; each question as it begins.
        var answers: [(question: String, answer: String)] = []
        var environment: [String: String] = [:]
        /// Breaks the account; what it gives back is kept until the end.
        let breaking: @Sendable (Account) async throws -> Any?
        /// What the world does around the command: a provider comes back, a clock is set.
        var before: (@Sendable (Account, Any?) async throws -> Any?)?
        var after: (@Sendable (Account) async throws -> Void)?
        var testDescription: String { name }
    }

    static let breakages: [Breakage] = [
        Breakage(
            name: "no config", named: "no profile is configured", command: "butlr-credential login",
            answers: [
                ("Grant [", ""), ("Client ID: ", "client_sandbox"),
                ("Client secret (not shown): ", Account.canary),
            ]
        ) {
            try $0.helper.configFolder.remove("config")
            return nil
        },
        Breakage(name: "bad key", named: "config:3: unknown key \"cleint-id\"", command: "sed -i.bak") {
            let text = try $0.helper.configFolder.read("config")
            try $0.helper.config(text.split(separator: "client-id").joined(separator: "cleint-id"))
            return nil
        },
        Breakage(
            name: "world-readable secret", named: "can be read or written by others", command: "chmod 600 "
        ) {
            try $0.helper.configFolder.setMode("secrets/default", 0o644)
            return nil
        },
        Breakage(
            name: "wrong secret", named: "answered 401", command: "butlr-credential login --profile default",
            answers: [
                ("Client ID [client_sandbox]: ", ""), ("Client secret (not shown): ", Account.canary),
            ]
        ) {
            try $0.helper.configFolder.write("secrets/default", "not the one\n")
            return nil
        },
        Breakage(
            name: "missing secret command", named: "command:… failed with status 127",
            command: "butlr-credential login --profile default",
            answers: [
                ("Client ID [client_sandbox]: ", ""), ("Client secret (not shown): ", Account.canary),
            ]
        ) {
            try $0.configure(secret: "command:no-such-secret-store show butlr 2>/dev/null")
            return nil
        },
        Breakage(
            name: "unwritable cache", named: "access tokens cannot be kept in ~/.cache/butlr-credential",
            command: ""
        ) {
            if geteuid() == 0 {
                // Permissions do not hold root back.
                try $0.home.write(".cache/butlr-credential", "a file")
            } else {
                try $0.helper.cacheFolder.makeFolder(".", mode: 0o700)
                try $0.home.setMode(".cache/butlr-credential", 0o500)
            }
            return nil
        },
        Breakage(name: "stuck lock", named: "the lock is held by process ", command: "kill ") { account in
            try #require(try await account.run("token", "--format", "json", "--min-ttl", "0").status == 0)
            let lock = try #require(try account.helper.stateFolder.files().first { $0.hasSuffix(".lock") })
            let holder = try account.helper.client(
                "sh",
                [
                    "-c",
                    "exec 9<'\(account.helper.stateFolder.path(lock))'; flock 9; echo held; exec sleep 600",
                ]
            ).start()
            #expect(try await holder.readLine() == "held")
            return holder
        },
        Breakage(
            name: "skewed clock", named: "the provider's clock is 60 minutes ahead of this one",
            command: "timedatectl set-ntp true",
            breaking: { account in
                account.sandbox.configure { $0.clockOffset = 3600 }
                // Stands in for the system's clock, which a test must leave alone.
                try account.home.writeScript(
                    "bin/timedatectl", "#!/bin/sh\n[ \"$*\" = 'set-ntp true' ] && : >~/clock-is-set\n")
                return nil
            },
            after: { account in
                if account.home.exists("clock-is-set") { account.sandbox.configure { $0.clockOffset = 0 } }
            }),
        Breakage(
            name: "provider down", named: "cannot be reached",
            command: "butlr-credential token --force-refresh",
            breaking: {
                // None of those that the system gives to whoever asks for any: it must stay free meanwhile.
                let port = UInt16.random(in: 20_000..<32_000)
                try $0.configure(baseURL: "http://127.0.0.1:\(port)")
                return port
            },
            before: { _, port in
                let back = SandboxServer(
                    SandboxOptions(port: port as! UInt16, clients: ["client_sandbox": Account.canary]))
                try back.start()
                return back
            }),
        Breakage(
            name: "wrong URL", named: "answered 404",
            command:
                "git config --file ~/.config/butlr-credential/config --replace-all profile.default.base-url http://127.0.0.1:"
        ) {
            try $0.configure(baseURL: "\($0.url)/api/v2")
            return nil
        },
        Breakage(
            name: "proxy down", named: "cannot be reached through the proxy http://127.0.0.1:1: ",
            command: "git config --file ~/.config/butlr-credential/config --unset-all profile.default.proxy"
        ) {
            try $0.configure(further: ["proxy = http://127.0.0.1:1"])
            return nil
        },
        Breakage(
            name: "ca-file without a certificate", named: "there is no certificate in the ca-file",
            command: "git config --file ~/.config/butlr-credential/config --unset-all profile.default.ca-file"
        ) {
            try $0.configure(further: ["ca-file = \($0.helper.configFolder.path("secrets/default"))"])
            return nil
        },
        Breakage(
            name: "helper not on PATH",
            named: "git calls git-credential-butlr, which is not on the PATH", command: "ln -sf "
        ) { account in
            try account.home.write(".gitconfig", "[credential]\n\thelper = butlr\n")
            for name in try account.home.files() where name.hasPrefix("bin/") {
                try account.home.remove(name)
            }
            return nil
        },
    ]

    @Test(.clients("git"), arguments: breakages) func isNamedAndMended(_ breakage: Breakage) async throws {
        try await check(breakage, Account())
    }

    /// One more, which needs a provider with a certificate.
    @Test(.clients("git", "openssl", "python3")) func namesAnUnknownAuthorityAndMendsIt() async throws {
        let server = try ScriptedServer { _, _ in
            .json(#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#)
        }
        let authority = try await CertificateAuthority()
        let proxy = try await TLSProxy(try await authority.issue(), before: server)
        let breakage = Breakage(
            name: "unknown CA",
            named: "the TLS connection to \(proxy.url)/api/v2/clients/login was not accepted",
            command:
                "git config --file ~/.config/butlr-credential/config --replace-all profile.default.ca-file "
                + authority.certificateFile,
            environment: ["CURL_CA_BUNDLE": authority.certificateFile]
        ) {
            try $0.configure(baseURL: proxy.url)
            return nil
        }
        try await check(breakage, Account())
        await proxy.stop()
    }

    private func check(_ breakage: Breakage, _ account: Account) async throws {
        var environment = breakage.environment.mapValues(Optional.some)
        // Where Butlr is, for a profile that is made anew.
        environment["BUTLR_BASE_URL"] = account.url
        let healthy = try await account.run("doctor")
        #expect(healthy.status == 0, "\(healthy)")

        var kept: [Any?] = [try await breakage.breaking(account)]
        let sick = try await account.run("doctor", "--online", "--json", environment: environment)
        let failures = try failures(sick)
        let failure = try #require(failures.first { $0.text.contains(breakage.named) }, "\(sick)")
        let mend = try #require(failure.mend)
        #expect(mend.hasPrefix(breakage.command), "\(mend)")
        let code = try #require(HelperError.Code(rawValue: failures[0].code))
        #expect(sick.status == code.exitStatus)

        kept.append(try await breakage.before?(account, kept[0]))
        try await follow(mend, breakage.answers, account, environment)
        try await breakage.after?(account)

        let mended = try await account.run("doctor", "--online", "--json", environment: environment)
        #expect(mended.status == 0, "\(mended)")
        #expect(try self.failures(mended).isEmpty)
        let token = try await account.run("token", environment: environment)
        #expect(token.status == 0, "\(token)")
        if let holder = kept[0] as? RunningProgram { await holder.kill() }
    }

    private func failures(_ outcome: Program.Outcome) throws -> [(text: String, mend: String?, code: String)]
    {
        let report = try JSON(parsing: outcome.outputBytes)
        #expect(report["version"]?.integer == 1)
        var failures: [(text: String, mend: String?, code: String)] = []
        for stage in report["stages"]?.array ?? [] {
            for check in stage["checks"]?.array ?? [] where check["status"]?.string == "fail" {
                let text = check["text"]?.string ?? ""
                failures.append((text, check["mend"]?.string, check["code"]?.string ?? ""))
            }
        }
        return failures
    }

    /// Types the command as it is printed, and answers what it asks.
    private func follow(
        _ command: String, _ answers: [(question: String, answer: String)], _ account: Account,
        _ environment: [String: String?]
    ) async throws {
        let terminal = try Terminal(
            account.helper.client("sh", ["-c", command], environment: environment))
        for (question, answer) in answers {
            try await terminal.expect(question)
            if question.contains("not shown") { try await terminal.expectEcho(false) }
            terminal.type(answer + "\n")
        }
        let end = try await terminal.wait()
        #expect(end.exit == .status(0), "\(end.screen)")
        #expect(!end.screen.contains(Account.canary))
    }
}
