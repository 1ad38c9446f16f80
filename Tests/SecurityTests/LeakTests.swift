import Platform
import TestSupport
import Testing

/// Canaries in the place of every secret, and a search for them in everything that is left behind: what is printed,
/// files, and what each process that was started could be seen with.
@Suite struct LeakTests {
    /// Each is to be seen in one place alone.
    private enum Canary {
        static let clientSecret = "canary+client/secret=31Wd"
        static let password = "canary-password-8rGp"
        static let fromFile = "canary-file-Qm52"
        static let fromCommand = "canary-command-Yt9o"
        static let fromLogin = "canary-login-Zz07"
        static let inCommandLine = "canary-line-Kk13"
        static let accessToken = "canary-access-5Vx2"
        static let refreshToken = "canary-refresh-6Nb4"
        static let idToken = "canary-identity-1Lc8"
    }

    /// A user with a profile for every way to have a secret, and a provider that repeats whatever it is sent.
    private struct Site {
        let helper: Helper
        let provider: ScriptedServer
        let reflector: ScriptedServer
        /// The variables that hold secrets.
        let environment: [String: String?]
        /// Where the processes that are started are noted down, if they can be.
        let trace: String?

        init() throws {
            provider = try ScriptedServer { _, _ in
                .json(
                    #"{"access_token":"\#(Canary.accessToken)","token_type":"Bearer","expires_in":3600,"#
                        + #""refresh_token":"\#(Canary.refreshToken)","id_token":"\#(Canary.idToken)"}"#)
            }
            // The secret comes back in every way in which a server might repeat it.
            reflector = try ScriptedServer { request, index in
                let said = JSON.string(request.text + " " + (request.header("Authorization") ?? ""))
                    .serialized
                switch index % 4 {
                case 0:
                    return .json(#"{"error":"invalid_request","error_description":\#(said)}"#, status: 400)
                case 1: return .json(#"{"error":\#(said)}"#)
                case 2: return .http(request.text, status: 500)
                default:
                    return .http(
                        status: 307, headers: [("Location", "https://evil.example/?\(request.text)")])
                }
            }
            helper = try Helper()
            environment = [
                "CANARY_VARIABLE": Canary.clientSecret, "BUTLR_LOG": "trace", "BUTLR_TIMEOUT": "20",
                "TMPDIR": helper.home.path("tmp"), "BUTLR_PASSWORD": Canary.password, "BUTLR_USERNAME": "ada",
                "BUTLR_BASE_URL": provider.url,
            ]
            try helper.home.makeFolder("tmp")
            try helper.configFolder.write("secrets/file", Canary.fromFile)
            // Notes down what a command sees of itself and of the helper.
            let snapshot = try helper.home.writeScript(
                "snapshot",
                """
                #!/bin/sh
                for process in $$ $PPID; do tr '\\0' '\\n' < /proc/$process/cmdline; done >> "$HOME/seen" 2>/dev/null
                env >> "$HOME/seen"
                ls -l /proc/$$/fd >> "$HOME/seen" 2>/dev/null
                cat "$HOME/from-command"
                """)
            try helper.home.write("from-command", Canary.fromCommand)
            let canTrace = geteuid() == 0 && Program.find("strace") != nil
            trace = canTrace ? helper.home.path("trace") : nil
            try helper.config(
                """
                [profile "variable"]
                \(client("variable"))
                    client-secret = env:CANARY_VARIABLE
                [profile "file"]
                \(client("file"))
                    client-secret = file:secrets/file
                [profile "command"]
                \(client("command"))
                    client-secret = command:\(snapshot) \(Canary.inCommandLine)
                [profile "plain"]
                \(client("plain"))
                    client-auth = post
                    client-secret = plain:\(Canary.clientSecret)
                [profile "user"]
                    provider = oauth2
                    token-endpoint = \(provider.url)/token
                    refresh-endpoint = \(provider.url)/token
                    client-auth = none
                    client-id = cli
                    grant = password
                    username = ada
                    password = env:CANARY_VARIABLE
                    url = https://user.example/
                [profile "reflected"]
                    provider = oauth2
                    token-endpoint = \(reflector.url)/token
                    client-id = cli
                    client-secret = env:CANARY_VARIABLE
                    url = https://reflected.example/
                """)
        }

        /// The lines of a profile that a client's secret is to follow.
        private func client(_ name: String) -> String {
            """
                provider = oauth2
                token-endpoint = \(provider.url)/token
                client-id = cli
                url = https://\(name).example/
            """
        }

        /// One call, with each process noted down that it starts.
        func run(_ arguments: [String], input: Program.Input, as name: String?) async throws
            -> Program.Outcome
        {
            var program = helper.program(arguments, environment: environment)
            program.calledAs = name
            if let trace, name == nil {
                program = helper.client(
                    "strace",
                    [
                        "-qqq", "-f", "-A", "-o", trace, "-e", "trace=execve", "-v", "-s", "65536",
                        helper.executable,
                    ]
                        + arguments, environment: environment)
            }
            program.timeLimit = .seconds(120)
            return try await program.run(input: input)
        }
    }

    /// Every command, each answer that holds a token marked with it.
    @Test func noSecretIsSeenWhereItDoesNotBelong() async throws {
        let site = try Site()
        for profile in ["variable", "file", "command", "plain", "user", "reflected"] {
            for (arguments, input, name) in calls(profile) {
                let result = try await site.run(["--profile", profile] + arguments, input: input, as: name)
                let call = "\(profile): \(arguments)"
                expectNoCanary(in: result.errors, call)
                // The answer is the token, and nothing but the token.
                let isAnswer = profile != "reflected"
                let allowed = isAnswer ? [Canary.accessToken, Canary.idToken] : []
                expectNoCanary(in: result.output, call, but: allowed)
            }
        }
        for arguments in [
            ["status"], ["status", "--json"], ["doctor"], ["doctor", "--json", "--online"],
            ["setup", "git", "--print"], ["setup", "kubectl", "--print"], ["completion", "bash"], ["help"],
            ["help", "login"], ["version"], ["frob", Canary.fromLogin.dropLast(20).description], [],
        ] {
            let result = try await site.run(arguments, input: .null, as: nil)
            expectNoCanary(in: result.everything, "\(arguments)")
        }
        let login = try await site.run(
            [
                "login", "--no-input", "--profile", "new", "--provider", "oauth2", "--token-endpoint",
                "\(site.provider.url)/token", "--client-id", "cli", "--secret-stdin",
            ], input: .text(Canary.fromLogin), as: nil)
        #expect(login.status == 0, "\(login)")
        expectNoCanary(in: login.everything, "login")
        try expectNothingLeftBehind(site)
        try expectNothingSeen(site)
        let logout = try await site.run(["logout", "--profile", "new"], input: .null, as: nil)
        expectNoCanary(in: logout.everything, "logout")
    }

    private func calls(_ profile: String) -> [([String], Program.Input, String?)] {
        let url = "https://\(profile).example/"
        return [
            (["get"], .text(#"{"uri":"\#(url)"}"#), nil),
            (["get"], .text(#"{"uri":"\#(url)","rejected_token":"\#(Canary.accessToken)"}"#), nil),
            (["token", "--force-refresh"], .null, nil),
            (["token", "--format", "env", "--min-ttl", "2h"], .null, nil),
            (["git", "get"], .text("protocol=https\nhost=\(profile).example\n\n"), "git-credential-butlr"),
            (
                ["git", "erase"],
                .text("protocol=https\nhost=\(profile).example\npassword=\(Canary.accessToken)\n\n"), nil
            ),
            (
                ["git", "store"],
                .text("protocol=https\nhost=\(profile).example\npassword=\(Canary.accessToken)\n"), nil
            ),
            (["docker", "get"], .text("\(profile).example"), nil), (["docker", "list"], .null, nil),
            (
                ["docker", "store"],
                .text(#"{"ServerURL":"x","Username":"x","Secret":"\#(Canary.accessToken)"}"#), nil
            ),
            (
                ["cargo"],
                .text(
                    #"{"v":1,"registry":{"index-url":"sparse+\#(url)"},"kind":"get","operation":"read"}"#
                        + "\n"), nil
            ),
            (["terraform", "get", "\(profile).example"], .null, nil), (["go", url], .null, nil),
            (["pip", "get", url, "user"], .null, nil), (["askpass", "Password for '\(url)': "], .null, nil),
            (["gcloud"], .null, nil), (["kubernetes"], .null, nil),
            (
                [
                    "exec", "--", "/bin/sh", "-c",
                    "env | grep -v BUTLR_ACCESS_TOKEN; tr '\\0' '\\n' < /proc/self/cmdline",
                ], .null, nil
            ),
        ]
    }

    /// Files outside the store and the user's own secrets hold none.
    private func expectNothingLeftBehind(_ site: Site) throws {
        let home = site.helper.home
        #expect(try home.folder("tmp").list() == [])
        for file in try home.files() where file != "trace" && file != "from-command" {
            let belongs: [String]
            if file.hasSuffix(".token") {
                belongs = [Canary.accessToken, Canary.idToken]
            } else if file.hasSuffix(".refresh") {
                belongs = [Canary.refreshToken]
            } else if file.hasPrefix(".config/butlr-credential/") {
                belongs = [Canary.clientSecret, Canary.fromFile, Canary.fromLogin, Canary.inCommandLine]
            } else if file == "seen" {
                // The command's own command line, which is the user's.
                belongs = [Canary.inCommandLine]
            } else {
                belongs = []
            }
            expectNoCanary(in: try home.read(file), file, but: belongs)
            if !belongs.isEmpty, file != "seen" { #expect(try home.mode(file) == 0o600, "\(file)") }
        }
        let seen = try home.read("seen")
        #expect(seen.contains("HOME="), "the command was run")
        #expect(!seen.contains("CANARY_VARIABLE"))
    }

    /// No process that the helper started was seen with one, but for `exec`'s variable.
    private func expectNothingSeen(_ site: Site) throws {
        guard let trace = site.trace else { return }
        let lines = try Folder("/").read(trace).split(separator: "\n").filter { $0.contains("execve(") }
        let own = lines.filter { $0.contains("execve(\"\(site.helper.executable)\"") }
        let others = lines.filter { !$0.contains("execve(\"\(site.helper.executable)\"") }
        // The search finds what is there.
        #expect(own.contains { $0.contains("CANARY_VARIABLE=\(Canary.clientSecret)") })
        for program in ["/bin/sh", "git", "snapshot"] {
            #expect(others.contains { $0.contains("\(program)\"") }, "\(program) was started")
        }
        for line in own {
            // The test gave it its environment, and this argument.
            let arguments = String(line.split(separator: "]").first ?? "")
            expectNoCanary(in: arguments, "arguments")
        }
        for line in others {
            var text = String(line)
            text = text.replacing("BUTLR_ACCESS_TOKEN=\(Canary.accessToken)", with: "")
            expectNoCanary(in: text, String(line.prefix(300)), but: [Canary.inCommandLine])
        }
    }

    private func expectNoCanary(
        in text: String, _ place: String, but allowed: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var rest = text
        for canary in allowed { rest = rest.replacing(canary, with: "") }
        guard rest.contains("canary") || encoded.contains(where: rest.contains) else { return }
        Issue.record("a secret is in \(place):\n\(text.prefix(4000))", sourceLocation: sourceLocation)
    }

    /// The canaries as they might be written otherwise.
    private var encoded: [String] {
        [
            Canary.clientSecret, Canary.password, Canary.fromFile, Canary.fromCommand, Canary.fromLogin,
            Canary.refreshToken,
        ].flatMap { canary in
            // Base64 of `cli:` and the canary, as HTTP Basic has it.
            [
                String(base64(Array("cli:\(canary)".utf8)).prefix(20)),
                String(base64(Array(canary.utf8)).prefix(16)), hexadecimal(canary.utf8),
            ]
        }
    }
}
