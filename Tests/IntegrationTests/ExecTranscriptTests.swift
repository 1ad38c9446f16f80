import Platform
import TestSupport
import Testing

@Suite struct ExecTranscriptTests {
    @Test func givesTheTokenToTheCommandAlone() async throws {
        let transcript = try Transcript()
        let result = try await transcript.helper.run(
            "exec", "--", "sh", "-c", #"printf %s "$BUTLR_ACCESS_TOKEN"; printf %s "$1" >&2"#, "sh",
            "--profile")
        #expect(result.status == 0)
        #expect(result.output == Transcript.token)
        #expect(result.errors == "--profile")
        let named = try await transcript.helper.run(
            "exec", "--env", "CI_TOKEN", "--", "env",
            environment: ["CI_TOKEN": "old", "KEPT": "yes"])
        let variables = Set(named.output.split(separator: "\n").map(String.init))
        #expect(variables.isSuperset(of: ["CI_TOKEN=\(Transcript.token)", "KEPT=yes"]), "\(named)")
        #expect(!named.output.contains("CI_TOKEN=old"))
        #expect(!named.output.contains("BUTLR_ACCESS_TOKEN"))
    }

    @Test func keepsTheSecretsFromTheCommand() async throws {
        let transcript = try Transcript()
        let config = try transcript.helper.home.read(".config/butlr-credential/config")
        try transcript.helper.config(
            config + """
                [profile "other"]
                    client-id = x
                    client-secret = env:OTHER_SECRET
                """)
        let secrets: [String: String?] = [
            "BUTLR_CLIENT_SECRET": "a", "BUTLR_PASSWORD": "b", "OTHER_SECRET": "c",
            "OTHER_SECRET_NOT": "kept",
        ]
        let result = try await transcript.helper.run("exec", "--", "env", environment: secrets)
        #expect(result.status == 0, "\(result)")
        for name in ["BUTLR_CLIENT_SECRET=", "BUTLR_PASSWORD=", "OTHER_SECRET="] {
            #expect(!result.output.contains(name), "\(result)")
        }
        #expect(result.output.contains("OTHER_SECRET_NOT=kept"))
    }

    @Test func passesTheStatusOn() async throws {
        let transcript = try Transcript()
        let result = try await transcript.helper.run("exec", "--", "sh", "-c", "exit 42")
        #expect(result.status == 42)
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP]) func passesSignalsOn(_ signal: Int32) async throws {
        let transcript = try Transcript()
        let own = try await transcript.helper.run("exec", "--", "sh", "-c", "kill -\(signal) $$")
        #expect(own.signal == signal, "\(own)")
        // The helper has become the command: a signal for the one is a signal for the other.
        let running = try transcript.helper.start(
            "exec", "--", "sh", "-c", "echo $$; read line", input: .open)
        #expect(try await running.readLine() == "\(running.processID)")
        running.signal(signal)
        #expect(try await running.wait().signal == signal)
    }

    @Test func aBrokenPipeEndsTheCommand() async throws {
        let transcript = try Transcript()
        var program = transcript.helper.program(["exec", "--", "sh", "-c", "echo lost; exit 5"])
        program.output = .brokenPipe
        #expect(try await program.run().signal == SIGPIPE)
    }

    /// A caller that has it ignored, as cron and Python's subprocess may, has its programs do so too.
    @Test func aSignalThatTheCallerIgnoresStaysIgnored() async throws {
        let transcript = try Transcript()
        var program = transcript.helper.client(
            "sh",
            [
                "-c", #"trap '' PIPE; exec "$0" exec -- sh -c 'echo lost; exit 5'"#,
                transcript.helper.executable,
            ])
        program.output = .brokenPipe
        let result = try await program.run()
        #expect(result.status == 5, "\(result)")
    }

    /// File names and variables are bytes, which need not be UTF-8: another file must not be meant by them.
    @Test func passesBytesOnAsTheyAre() async throws {
        let transcript = try Transcript()
        let script = #"""
            export ODD="$(printf 'a\351')" BUTLR_PASSWORD="$(printf '\351secret')"
            mkdir bin
            tool="$(printf 't\351')"
            printf '#!/bin/sh\nprintf "%%s/%%s/%%s" "$1" "$ODD" "$BUTLR_PASSWORD" | od -An -tx1\n' >"bin/$tool"
            chmod +x "bin/$tool"
            "$0" exec -- "$tool" "$(printf '\351')"
            exec "$0" exec -- "bin/$tool" "$(printf '\351')"
            """#
        let result = try await transcript.helper.client("sh", ["-c", script, transcript.helper.executable])
            .run()
        #expect(result.output == " e9 2f 61 e9 2f\n e9 2f 61 e9 2f\n", "\(result)")
    }

    @Test func aSecretCommandGetsBytesAsTheyAre() async throws {
        let transcript = try Transcript()
        try transcript.helper.config(
            """
            [profile "default"]
                provider = oauth2
                token-endpoint = \(transcript.provider.url)/token
                client-auth = post
                client-id = cli
                client-secret = "command:printf %s \\"$ODD\\" | od -An -tx1 | tr -d ' '"
            """)
        let result = try await transcript.helper.client(
            "sh", ["-c", #"ODD="$(printf 'a\351')" exec "$0" token"#, transcript.helper.executable]
        ).run()
        #expect(result.status == 0, "\(result)")
        #expect(transcript.provider.requests.first?.form["client_secret"] == "61e9")
    }

    @Test func standardInputIsTheCommands() async throws {
        let transcript = try Transcript()
        let result = try await transcript.helper.run("exec", "--", "cat", input: .bytes(Hostile.binary))
        #expect(result.outputBytes == Hostile.binary)
    }

    @Test func looksForTheCommandOnThePath() async throws {
        let transcript = try Transcript()
        let home = transcript.helper.home
        try home.write("first/tool", "not to be run", mode: 0o644)
        try home.writeScript("second/tool", "#!/bin/sh\necho second\n")
        try home.writeScript("bare", "echo \"bare $1\"\n")
        let path: [String: String?] = ["PATH": "\(home.path)/first:\(home.path)/second:/usr/bin:/bin"]
        let result = try await transcript.helper.run("exec", "--", "tool", environment: path)
        #expect(result.output == "second\n", "\(result)")
        let bare = try await transcript.helper.run("exec", "--", home.path("bare"), "words of one")
        #expect(bare.output == "bare words of one\n", "\(bare)")
    }

    @Test func saysWhatCannotBeRun() async throws {
        let transcript = try Transcript()
        try transcript.helper.home.write("file", "")
        for (command, status) in [
            ("no-such-command", 127), ("/no/such/command", 127), ("./file/below", 127), ("./file", 126),
            ("/", 126),
        ] {
            let result = try await transcript.helper.run("exec", "--", command)
            #expect(result.status == Int32(status), "\(command)")
            #expect(result.output == "")
            #expect(result.errors.contains("\(command) cannot be run: "), "\(result)")
        }
    }

    @Test(arguments: Transcript.Failure.allCases)
    func runsNothingWithoutAToken(_ failure: Transcript.Failure) async throws {
        let transcript = try Transcript(failure)
        let result = try await transcript.helper.run("exec", "--", "echo", "run")
        #expect(result.status == failure.status)
        #expect(result.output == "")
        #expect(result.errors.contains(failure.text), "\(result)")
    }

    @Test(arguments: [
        [], ["--"], ["echo", "run"], ["echo", "--", "run"], ["--env", "X"], ["--env", "1X", "--", "echo"],
        ["--env", "", "--", "echo"], ["--env=A=B", "--", "echo"], ["--env", "--", "echo"],
        ["--frob", "--", "echo"],
    ])
    func refusesOtherCommandLines(_ arguments: [String]) async throws {
        let transcript = try Transcript()
        let result = try await transcript.helper.program(["exec"] + arguments).run()
        #expect(result.status == 64, "\(result)")
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("butlr-credential: "))
        try transcript.expectUntouched()
    }
}
