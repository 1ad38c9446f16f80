import Platform

/// Runs another program to its end, without input.
///
/// - Parameters:
///   - program: its path.
///   - mergingErrors: whether its standard error is a part of the output, rather than thrown away.
/// - Returns: its exit status (128 and the signal where one ended it) and its output, at most 16 MiB.
/// - Throws: why it cannot be started.
func runProgram(
    _ program: String, _ arguments: [String], environment: [Environment.Entry], mergingErrors: Bool = false
) throws(SystemError) -> (status: Int32, output: [UInt8]) {
    // A caller may have had us started without SIGCHLD, and then nobody is told how a child ended.
    let handler = signal(SIGCHLD, SIG_DFL)
    defer { signal(SIGCHLD, handler) }
    let pipe = try Pipe()
    var child = ChildProgram(program, [program] + arguments, environment: environment)
    child.output = .descriptor(pipe.writing.raw)
    if mergingErrors { child.errors = child.output }
    let process = try child.start()
    let output = (try? pipe.closingWriting().readToEnd(limit: 16 << 20)) ?? []
    var status: Int32 = 0
    _ = retrying { waitpid(process, &status, 0) }
    let signal = status & 0x7F
    return (signal == 0 ? status >> 8 & 0xFF : 128 + signal, output)
}
