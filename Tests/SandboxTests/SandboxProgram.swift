import Platform
import Testing

/// A running `butlr-sandbox`.
struct SandboxProgram: ~Copyable {
    private let process: pid_t
    private let standardOutput: FileDescriptor
    private let standardError: FileDescriptor

    /// The folder that holds the programs: `BUTLR_TEST_BIN`, else that of the same build.
    static func buildFolder() throws -> String {
        if let given = getenv("BUTLR_TEST_BIN") { return String(cString: given) }
        // Linux: the test bundle is the running program; macOS: an argument names a file inside of it.
        let folders = try #require(CommandLine.arguments.first { $0.contains(".xctest") })
            .split(separator: "/", omittingEmptySubsequences: false).prefix { !$0.hasSuffix(".xctest") }
        return folders.joined(separator: "/")
    }

    /// - Parameters:
    ///   - folder: where the program is, unless it is ``buildFolder()``.
    ///   - variables: to be changed in the environment; `nil` removes one.
    ///   - onTerminal: whether standard output is a terminal.
    init(
        _ arguments: [String], in folder: String? = nil, environment variables: [String: String?] = [:],
        onTerminal: Bool = false
    ) throws {
        let output = try onTerminal ? makeTerminal() : makePipe()
        let error = try makePipe()
        let path = try (folder ?? SandboxProgram.buildFolder()) + "/butlr-sandbox"
        process = try start(path, arguments, variables, output: output.writer, error: error.writer)
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

    /// A terminal without a writer reads as an error, a pipe as its end.
    private func text(_ descriptor: borrowing FileDescriptor) -> String {
        var bytes: [UInt8] = []
        while let chunk = try? readSome(descriptor.raw, atMost: 65_536), !chunk.isEmpty { bytes += chunk }
        return String(decoding: bytes, as: UTF8.self)
    }
}

private func start(
    _ path: String, _ arguments: [String], _ variables: [String: String?], output: Int32, error: Int32
) throws -> pid_t {
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
    let environment = changed(variables).map { strdup($0) } + [nil]
    defer { for text in words + environment { free(text) } }
    var process: pid_t = 0
    let failure = posix_spawn(&process, path, &actions, nil, words, environment)
    try #require(failure == 0, "cannot start \(path)")
    return process
}

/// This process's environment with some variables changed, `NAME=value` each.
private func changed(_ variables: [String: String?]) -> [String] {
    var result: [String] = []
    var next = environ
    while let entry = next.pointee {
        let text = String(cString: entry)
        if !variables.keys.contains(String(text.prefix { $0 != "=" })) { result.append(text) }
        next += 1
    }
    for case (let name, let value?) in variables { result.append("\(name)=\(value)") }
    return result
}

private func makePipe() throws(SystemError) -> (reader: Int32, writer: Int32) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError() }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
}

private func makeTerminal() throws -> (reader: Int32, writer: Int32) {
    // openpty(3), which Swift's module for the C library on Linux leaves out.
    typealias OpenTerminal =
        @convention(c) (
            UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutableRawPointer?,
            UnsafeRawPointer?, UnsafeRawPointer?
        ) -> Int32
    let symbol = try #require(dlsym(dlopen(nil, RTLD_NOW), "openpty"))
    var reader: Int32 = -1
    var writer: Int32 = -1
    try #require(unsafeBitCast(symbol, to: OpenTerminal.self)(&reader, &writer, nil, nil, nil) == 0)
    for end in [reader, writer] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (reader, writer)
}
