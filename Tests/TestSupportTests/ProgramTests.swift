import TestSupport
import Testing

@Suite struct ProgramTests {
    static let path: [String: String] = .inherited("PATH")

    static func shell(_ script: String, limit: Duration = .seconds(60)) -> Program {
        var program = Program("sh", ["-c", script], environment: path)
        program.timeLimit = limit
        return program
    }

    @Test func carriesMoreThanAPipeHoldsBothWays() async throws {
        let bytes = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let result = try await Program("cat", environment: Self.path).run(input: .bytes(bytes))
        #expect(result.exit == .status(0))
        #expect(result.outputBytes == bytes)
    }

    /// A child that fills both outputs before it reads deadlocks with a parent that does one thing at a time.
    @Test func readsBothOutputsWhileTheInputWaits() async throws {
        let result = try await Self.shell(
            "head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero; cat; exit 3"
        ).run(input: .bytes([UInt8](repeating: 1, count: 300_000)))
        #expect(result.status == 3)
        #expect(result.errorBytes.count == 300_000)
        #expect(result.outputBytes.count == 600_000)
    }

    @Test func killsTheWholeGroupAtTheTimeLimit() async throws {
        let folder = try TemporaryFolder()
        let fifo = folder.path("alive")
        #expect(mkfifo(fifo, 0o600) == 0)
        // Ends when no process holds the fifo open for writing any more.
        let survivors = try Self.shell("cat '\(fifo)'").start()
        let error = await #expect(throws: Program.TimedOut.self) {
            try await Self.shell(
                "exec 9>'\(fifo)'; echo begun; echo waiting >&2; sleep 1000; true", limit: .seconds(4)
            ).run()
        }
        #expect(error?.exit == nil)
        #expect(error?.description.contains("begun") == true)
        #expect(error?.description.contains("waiting") == true)
        #expect(try await survivors.wait().status == 0)
    }

    @Test func saysWhenSomethingHoldsTheOutputOpenAndKillsThat() async throws {
        let error = await #expect(throws: Program.TimedOut.self) {
            try await Self.shell("sleep 1000 & echo done", limit: .seconds(4)).run()
        }
        #expect(error?.exit == .status(0))
        #expect(error?.outputBytes == Array("done\n".utf8))
    }

    @Test func runsManyAtOnce() async throws {
        let results = try await Self.shell("read line; echo \"got $line\"; exit 7")
            .run(copies: 50, input: "word\n")
        #expect(results.count == 50)
        for result in results {
            #expect(result.status == 7)
            #expect(result.output == "got word\n")
        }
    }

    @Test func converses() async throws {
        let child = try Self.shell(
            "while read line; do echo \"<$line>\"; echo \"!$line\" >&2; done; printf last"
        ).start(input: .open)
        child.write("one\n")
        #expect(try await child.readLine() == "<one>")
        #expect(try await child.readErrorLine() == "!one")
        child.write("two\n")
        #expect(try await child.readLine() == "<two>")
        #expect(!child.hasEnded)
        child.closeInput()
        #expect(try await child.readLine() == "last")
        #expect(try await child.readLine() == nil)
        let result = try await child.wait()
        #expect(result.output == "<one>\n<two>\nlast")
        child.write("to nobody")
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGKILL, SIGPIPE])
    func endsByASignal(_ number: Int32) async throws {
        let child = try Program("sleep", ["1000"], environment: Self.path).start()
        child.signal(number)
        #expect(try await child.wait().exit == .signal(number))
        child.signal(number)
    }

    @Test func givesNothingButWhatWasAskedFor() async throws {
        let result = try await Program("/usr/bin/env", environment: ["ONE": "a b", "TWO": ""]).run()
        #expect(result.output.split(separator: "\n").sorted() == ["ONE=a b", "TWO="])
    }

    @Test func leavesNothingElseOpen() async throws {
        let inheritable = dup(STDERR_FILENO)
        defer { close(inheritable) }
        let result = try await Program("ls", ["/dev/fd/"], environment: Self.path).run()
        // The fourth is the listing's own.
        #expect(result.output == "0\n1\n2\n3\n")
    }

    @Test func runsInAFolderUnderAnotherName() async throws {
        let folder = try TemporaryFolder()
        var program = Self.shell("pwd; echo $0")
        program.workingDirectory = folder.path
        program.calledAs = "another"
        #expect(try await program.run().output == "\(folder.path)\nanother\n")
    }

    @Test func offersEveryKindOfInput() async throws {
        let folder = try TemporaryFolder()
        try folder.write("input", "from a file")
        let cat = Program("cat", environment: Self.path)
        #expect(try await cat.run().outputBytes.isEmpty)
        #expect(try await cat.run(input: .file(folder.path("input"))).output == "from a file")
        #expect(try await cat.run(input: "text").output == "text")
        #expect(try await cat.run(input: .closed).status == 1)
    }

    @Test func offersEveryKindOfOutput() async throws {
        let folder = try TemporaryFolder()
        var cat = Program("cat", environment: Self.path)
        cat.output = .brokenPipe
        #expect(try await cat.run(input: "text").exit == .signal(SIGPIPE))
        cat.output = .closed
        #expect(try await cat.run(input: "text").status == 1)
        cat.output = .file(folder.path("output"))
        #expect(try await cat.run(input: "text").status == 0)
        #expect(try folder.read("output") == "text")
    }

    @Test func namesAProgramThatIsNotThere() async {
        await #expect(throws: Program.NotFound.self) { try await Program("no-such-program").run() }
    }

    /// Writing a script while another child is being started must not keep it from running ("text file busy").
    @Test func runsScriptsAsSoonAsTheyAreWritten() async throws {
        let folder = try TemporaryFolder()
        try await withThrowingTaskGroup(of: Int32?.self) { group in
            for number in 0..<40 {
                group.addTask {
                    let script = try folder.writeScript("script\(number)", "#!/bin/sh\nexit 5\n")
                    return try await Program(script).run().status
                }
            }
            for try await status in group { #expect(status == 5) }
        }
    }
}
