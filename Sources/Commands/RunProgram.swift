import Platform

/// Runs another program to its end, without input, within half a minute.
///
/// - Parameters:
///   - program: its path.
///   - mergingErrors: whether its standard error is a part of the output, rather than thrown away.
/// - Returns: its exit status (128 and the signal where one ended it) and its output, at most 16 MiB.
/// - Throws: why it cannot be started, or had to be ended.
func runProgram(
    _ program: String, _ arguments: [String], environment: [Environment.Entry], mergingErrors: Bool = false
) throws(ChildProgram.Failure) -> (status: Int32, output: [UInt8]) {
    var child = ChildProgram(program, [program] + arguments, environment: environment)
    if mergingErrors { child.errors = .output }
    let (exit, output) = try child.run(limit: 16 << 20, until: Deadline(in: 30_000))
    return (exit.shellStatus, output)
}
