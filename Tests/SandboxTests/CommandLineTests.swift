import Platform
import Testing

/// The program itself, as a child process.
@Suite struct CommandLineTests {
    @Test(arguments: [SIGINT, SIGTERM])
    func serveAnnouncesItselfAndEndsOnASignal(signal: Int32) throws {
        let program = try Program(["serve", "--client", "a:b"])
        let line = program.firstLine()
        #expect(line.hasPrefix("http://127.0.0.1:"))
        let client = try RawClient(baseURL: line)
        client.send(
            "POST /oauth/token HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 72\r\n\r\n")
        client.send(#"{"grant_type":"client_credentials","client_id":"a","client_secret":"b"} "#)
        #expect(try client.reply()?.status == 200)
        program.send(signal)
        #expect(program.waitForExit() == 0)
        #expect(throws: SystemError(ECONNREFUSED)) { try RawClient(baseURL: line) }
    }

    @Test(arguments: [
        (
            ["serve", "--port", "x"],
            "butlr-sandbox: --port needs a port, 0 to 65535 (see butlr-sandbox --help)\n"
        ),
        (["walk"], "butlr-sandbox: unknown command walk (see butlr-sandbox --help)\n"),
        ([], "butlr-sandbox: say what to do: serve (see butlr-sandbox --help)\n"),
    ])
    func aWrongCommandLineIsOneLineAndStatus64(arguments: [String], message: String) throws {
        let program = try Program(arguments)
        #expect(program.errorOutput() == message)
        #expect(program.waitForExit() == 64)
    }

    @Test(arguments: [(["--help"], "serve"), (["serve", "--help"], "--rotate")])
    func helpGoesToStandardOutput(arguments: [String], word: String) throws {
        let program = try Program(arguments)
        #expect(program.output().contains(word))
        #expect(program.waitForExit() == 0)
    }
}

/// A running `butlr-sandbox` of the same build.
private struct Program: ~Copyable {
    private let process: pid_t
    private let standardOutput: FileDescriptor
    private let standardError: FileDescriptor

    init(_ arguments: [String]) throws {
        let output = try makePipe()
        let error = try makePipe()
        process = try start(arguments, output: output.writer, error: error.writer)
        close(output.writer)
        close(error.writer)
        standardOutput = FileDescriptor(owning: output.reader)
        standardError = FileDescriptor(owning: error.reader)
    }

    func firstLine() -> String {
        var line = ""
        while let byte = try? readSome(standardOutput.raw, atMost: 1).first, byte != UInt8(ascii: "\n") {
            line.unicodeScalars.append(UnicodeScalar(byte))
        }
        return line
    }

    func output() -> String { text(standardOutput) }
    func errorOutput() -> String { text(standardError) }

    func send(_ signal: Int32) { kill(process, signal) }

    /// The exit status; `nil` when a signal ended it.
    func waitForExit() -> Int32? {
        var status: Int32 = 0
        _ = retrying { waitpid(process, &status, 0) }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : nil
    }

    private func text(_ descriptor: borrowing FileDescriptor) -> String {
        String(decoding: (try? descriptor.readToEnd(limit: 1 << 20)) ?? [], as: UTF8.self)
    }
}

private func start(_ arguments: [String], output: Int32, error: Int32) throws -> pid_t {
    // Linux: the test bundle is the running program; macOS: an argument names a file inside of it.
    let folders = try #require(CommandLine.arguments.first { $0.contains(".xctest") })
        .split(separator: "/", omittingEmptySubsequences: false).prefix { !$0.hasSuffix(".xctest") }
    let path = (folders + ["butlr-sandbox"]).joined(separator: "/")
    #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
    #else
        var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO)
    let words = ([path] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let failure = posix_spawn(&process, path, &actions, nil, words, environ)
    try #require(failure == 0, "cannot start \(path)")
    return process
}

private func makePipe() throws(SystemError) -> (reader: Int32, writer: Int32) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError() }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
}
