import Platform
import Testing

@testable import Profiles

@Suite struct SecretReaderTests {
    private let folder = TemporaryFolder()

    private func reading(
        _ sources: [SecretSource], _ variables: [String: String] = [:], allowsInput: Bool = false,
        deadline: Milliseconds = 30_000, secretVariables: Set<String> = [], answered: Secret? = nil
    ) throws(HelperError) -> SecretReading {
        let environment = Environment(["PATH": "/usr/bin:/bin"].merging(variables) { $1 })
        return try SecretReader(
            environment: environment, deadline: Deadline(in: deadline), allowsInput: allowsInput,
            secretVariables: secretVariables, directories: Directories(environment)
        ).read(sources, for: "client-secret", of: "work", answered: answered)
    }

    private func secret(_ reading: SecretReading) -> String? {
        guard case .secret(let secret, _) = reading else { return nil }
        return secret.reveal()
    }

    private func error(
        _ sources: [SecretSource], _ variables: [String: String] = [:], allowsInput: Bool = false,
        deadline: Milliseconds = 30_000
    ) -> HelperError? {
        failure { () throws(HelperError) in
            try reading(sources, variables, allowsInput: allowsInput, deadline: deadline)
        }
    }

    // MARK: Order

    @Test func theFirstSourceThatHasItWins() throws {
        let file = folder.write("secret", "from file\n")
        let sources: [SecretSource] = [
            .env("MISSING"), .file(folder.path + "/missing"), .systemd("missing"), .command("exit 3"),
            .file(file),
            .env("SET"),
        ]
        guard case .secret(let secret, let source) = try reading(sources, ["SET": "from env"]) else {
            return #expect(Bool(false))
        }
        #expect(secret.reveal() == "from file")
        #expect(source == .file(file))
    }

    @Test func whenAllFailEachIsNamedWithItsReason() {
        let error = error(
            [
                .env("MISSING"), .env("EMPTY"), .file(folder.path + "/missing"), .systemd("x"),
                .command("exit 3; hidden"), .prompt, .plain(Secret("")),
            ], ["EMPTY": ""])
        #expect(error?.code == .config)
        #expect(
            error?.message
                == "cannot get the client-secret of profile \"work\": env:MISSING is not set; "
                + "env:EMPTY is empty; "
                + "file:\(folder.path)/missing cannot be read: No such file or directory; "
                + "systemd:x is not there: CREDENTIALS_DIRECTORY is not set; "
                + "command:… failed with status 3: run it by hand to see why; "
                + "prompt: cannot be used: there is nobody to ask; plain:… is empty")
    }

    @Test func noSourceIsAnErrorToo() {
        #expect(error([])?.code == .config)
    }

    // MARK: Variables and plain text

    @Test func variablesAndPlainTextAreTakenAsTheyAre() throws {
        #expect(secret(try reading([.env("A")], ["A": " x\n"])) == " x\n")
        #expect(secret(try reading([.plain(Secret(" x "))])) == " x ")
    }

    // MARK: Files

    @Test(arguments: [
        ("x", "x"), ("x\n", "x"), ("x\r\n", "x"), ("x\n\n", "x\n"), (" x \r\n\r\n", " x \r\n"),
        ("x\r", "x\r"),
        ("two\nlines\n", "two\nlines"), ("é", "é"),
    ])
    func oneNewlineAtTheEndOfAFileIsRemoved(text: String, expected: String) throws {
        #expect(secret(try reading([.file(folder.write("secret", text))])) == expected)
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o620] as [mode_t])
    func aFileOfTheUsersThatOthersMayReadIsRefusedAltogether(mode: mode_t) {
        let file = folder.write("a secret", "hidden", mode: mode)
        let error = error([.file(file), .env("SET")], ["SET": "x"])
        #expect(error?.code == .config)
        #expect(error?.message.contains("file:\(file) can be read or written by others") == true)
        #expect(error?.message.contains("hidden") == false)
        #expect(error?.hint == "chmod 600 '\(file)'")
    }

    @Test func mountedSecretsMayBeReadable() {
        var status = stat()
        status.st_mode = S_IFREG | 0o644
        status.st_uid = geteuid()
        #expect(SecretFile.isExposed(status, onReadOnlyDisk: false))
        // Where root itself runs, a mounted secret is known by its disk.
        #expect(SecretFile.isExposed(status, onReadOnlyDisk: true) == (geteuid() != 0))
        status.st_uid = geteuid() == 0 ? 12345 : 0
        #expect(!SecretFile.isExposed(status, onReadOnlyDisk: false))
        status.st_uid = geteuid()
        status.st_mode = S_IFREG | 0o400
        #expect(!SecretFile.isExposed(status, onReadOnlyDisk: false))
    }

    @Test func linksAreFollowed() throws {
        folder.write("..data/token", "x\n")
        symlink("..data/token", folder.path + "/token")
        #expect(secret(try reading([.file(folder.path + "/token")])) == "x")
    }

    @Test func oddFilesAreRefusedAndTheNextSourceIsTried() throws {
        mkfifo(folder.path + "/pipe", 0o600)
        mkdir(folder.path + "/dir", 0o700)
        folder.write("large", String(repeating: "x", count: 65_537))
        folder.write("binary", bytes: [0xFF, 0xFE])
        folder.write("empty", "\n")
        for (name, reason) in [
            ("pipe", "is not a regular file"), ("dir", "is not a regular file"),
            ("large", "is larger than 64 KiB"),
            ("binary", "is not UTF-8"), ("empty", "is empty"), ("none", "cannot be read"),
        ] {
            let file = folder.path + "/" + name
            #expect(error([.file(file)])?.message.contains("file:\(file) \(reason)") == true)
            #expect(secret(try reading([.file(file), .plain(Secret("next"))])) == "next")
        }
        #expect(error([.file("/dev/zero")])?.message.contains("is not a regular file") == true)
        let largest = folder.write("largest", String(repeating: "x", count: 65_536))
        #expect(secret(try reading([.file(largest)]))?.count == 65_536)
    }

    @Test func aPathBelowHomeNeedsOne() throws {
        folder.write("secret", "x")
        #expect(secret(try reading([.file("~/secret")], ["HOME": folder.path])) == "x")
        #expect(error([.file("~/secret")])?.message.contains("HOME is not set") == true)
    }

    @Test func systemdCredentialsAreFiles() throws {
        folder.write("token", "x\n", mode: 0o440)
        #expect(secret(try reading([.systemd("token")], ["CREDENTIALS_DIRECTORY": folder.path])) == "x")
        #expect(error([.systemd("none")], ["CREDENTIALS_DIRECTORY": folder.path])?.code == .config)
        #expect(error([.systemd("token")], ["CREDENTIALS_DIRECTORY": "relative"])?.code == .config)
    }

    // MARK: Prompts

    @Test func aPersonIsAskedOutside() throws {
        let sources: [SecretSource] = [.env("MISSING"), .prompt, .env("SET")]
        guard case .needsPrompt(let key) = try reading(sources, ["SET": "x"], allowsInput: true) else {
            return #expect(Bool(false))
        }
        #expect(key == "client-secret")
        let answered = try reading(sources, ["SET": "x"], allowsInput: true, answered: Secret("typed"))
        #expect(secret(answered) == "typed")
        // Nothing was typed: the next source.
        #expect(secret(try reading(sources, ["SET": "x"], allowsInput: true, answered: Secret(""))) == "x")
        // Nobody is there: the next source.
        #expect(secret(try reading(sources, ["SET": "x"])) == "x")
        // An earlier source has it: nobody is asked.
        #expect(secret(try reading(sources, ["MISSING": "y"], allowsInput: true)) == "y")
    }

    @Test func commandsAreNotRunAgainAfterAnAnswer() throws {
        let mark = folder.path + "/mark"
        let sources: [SecretSource] = [.command("echo x >> \(mark); exit 1"), .prompt]
        _ = try reading(sources, allowsInput: true)
        _ = try reading(sources, allowsInput: true, answered: Secret("typed"))
        #expect(folder.text("mark") == "x\n")
    }

    // MARK: Commands

    @Test(arguments: [
        ("echo x", "x"), ("printf x", "x"), ("printf 'x\\r\\ny\\n'", "x"), ("printf 'x\\r'", "x\r"),
        ("printf ' x y \\nz'", " x y "), ("echo x; echo y >&2", "x"), ("cat; echo x", "x"),
        ("exec 2>/dev/null; i=0; echo x; while [ $i -lt 5000 ]; do echo abcdefghij; i=$((i+1)); done", "x"),
        // It ends its output before itself, and the other way round.
        ("echo x; exec >&-; sleep 0.1", "x"), ("echo x; sleep 3 >/dev/null & exit 0", "x"),
        ("echo x; exec 3>&1; sleep 3 & exit 0", "x"),
    ])
    func theFirstLineOfACommandIsTheSecret(line: String, expected: String) throws {
        for allowsInput in [false, true] {
            #expect(secret(try reading([.command(line)], allowsInput: allowsInput)) == expected)
        }
    }

    @Test(arguments: [
        ("exit 1", "failed with status 1"), ("echo hidden; exit 3", "failed with status 3"),
        ("echo hidden; kill -TERM $$", "was ended by signal 15"), ("true", "is empty"),
        ("echo; echo hidden", "is empty"),
        ("/nowhere/at/all 2>/dev/null", "failed with status 127"),
        ("printf '\\377'", "printed something that is not UTF-8"),
        ("echo hidden; yes", "printed more than 64 KiB"),
        ("echo hidden; yes & sleep 3", "printed more than 64 KiB"),
    ])
    func commandsFail(line: String, reason: String) throws {
        for allowsInput in [false, true] {
            let error = error([.command(line)], allowsInput: allowsInput)
            #expect(error?.code == .config)
            #expect(error?.message.contains("command:… \(reason)") == true, "\(error?.message ?? "")")
            #expect(error?.message.contains("hidden") == false)
        }
        #expect(secret(try reading([.command(line), .plain(Secret("next"))])) == "next")
    }

    @Test(arguments: [
        "sleep 60", "exec sleep 60", "sleep 60 | sleep 60", "exec >&-; sleep 60",
        "trap '' TERM INT; sleep 60",
        "while :; do :; done", "while :; do echo; sleep 0.05; done",
    ])
    func commandsThatHangAreEndedAtTheDeadline(line: String) {
        let error = error([.command(line)], deadline: 300)
        #expect(error?.code == .config)
        #expect(
            error?.message.contains("did not finish before the deadline") == true, "\(error?.message ?? "")")
    }

    @Test func allOfAHangingCommandIsEndedWhereNobodyMayBeAsked() throws {
        let note = folder.path + "/children"
        _ = error(
            [.command("sleep 61 & echo $! >> \(note); (sleep 62 & echo $! >> \(note); wait) & wait")],
            deadline: 500)
        let children = try #require(folder.text("children")).split(separator: "\n").compactMap { pid_t($0) }
        #expect(children.count == 2)
        for child in children { #expect(hasEnded(child)) }
    }

    @Test func whereAPersonMayBeAskedACommandStaysInTheForeground() throws {
        let line = "ps -o pgid= -p $$ | tr -d ' '"
        let group = try secret(reading([.command(line)], allowsInput: true)).flatMap { pid_t($0) }
        #expect(group == getpgrp())
        let own = try secret(reading([.command(line)], allowsInput: false)).flatMap { pid_t($0) }
        #expect(own != nil && own != getpgrp())
    }

    @Test func noCommandIsRunAfterTheDeadline() {
        let mark = folder.path + "/mark"
        let error = error([.command("echo x > \(mark)")], deadline: 0)
        #expect(error?.message.contains("was not run") == true)
        #expect(folder.text("mark") == nil)
    }

    @Test func commandsInheritNoSecretsAndNoFiles() throws {
        let variables = ["SECRET": "hidden", "SECRET_2": "seen", "OTHER": "a=b"]
        let line = "echo \"${SECRET-unset} $SECRET_2 $OTHER\""
        #expect(
            secret(try reading([.command(line)], variables, secretVariables: ["SECRET", "OTHER_1"]))
                == "unset seen a=b")
        let open = folder.write("open", "x")
        let file = try FileDescriptor(opening: open, O_RDONLY)
        let seen = secret(
            try reading([.command("if [ -e /dev/fd/\(file.raw) ]; then echo open; else echo closed; fi")]))
        #expect(seen == "closed")
    }

    @Test func commandsHaveNoInputAndDefaultSignals() throws {
        #expect(secret(try reading([.command("readlink /proc/self/fd/0")])) == "/dev/null")
        let ignored = signal(SIGPIPE, SIG_IGN)
        defer { signal(SIGPIPE, ignored) }
        #expect(
            secret(try reading([.command("trap 'echo caught' PIPE; kill -PIPE $$; echo on")])) == "caught")
    }

    @Test func sourcesAreDescribedWithoutTheSecret() {
        #expect("\(SecretSource.env("A"))" == "env:A")
        #expect("\(SecretSource.file("/a"))" == "file:/a")
        #expect("\(SecretSource.systemd("a"))" == "systemd:a")
        #expect("\(SecretSource.prompt)" == "prompt:")
        for source in [SecretSource.command("echo hidden"), .plain(Secret("hidden"))] {
            var text = "\(source) \(String(reflecting: source)) "
            dump(source, to: &text)
            #expect(!text.contains("hidden"))
        }
    }

    /// Whether a process is gone, or will be once its parent looks.
    private func hasEnded(_ process: pid_t) -> Bool {
        // Killed in the same moment as its parent, but perhaps not yet noticed.
        for _ in 0..<200 {
            if kill(process, 0) != 0 { return true }
            if let state = try? FileDescriptor(opening: "/proc/\(process)/stat", O_RDONLY).readToEnd(
                limit: 4096),
                String(decoding: state, as: UTF8.self).contains(") Z ")
            {
                return true
            }
            usleep(10_000)
        }
        return false
    }
}
