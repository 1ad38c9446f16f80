import Platform

/// A shell command whose first line of output is a secret.
struct SecretCommand {
    let line: String
    let environment: [Environment.Entry]
    /// Whether it gets a process group of its own, so that all of it can be ended. Where a person may be
    /// asked it does not, because only the terminal's foreground group may read from the terminal.
    let hasOwnGroup: Bool
    /// Whether its standard error goes nowhere.
    let isSilent: Bool

    /// The output that is read, in bytes.
    static var limit: Int { 65_536 }

    /// Runs it to its end.
    ///
    /// - Returns: the first line of its output, without the line's end.
    /// - Throws: where it cannot be started, fails, prints too much, or is still running at the deadline, at
    ///   which it is killed.
    func run(_ deadline: Deadline) throws(SecretReader.Unavailable) -> String {
        if deadline.hasPassed {
            throw SecretReader.Unavailable(reason: "was not run: the deadline has passed")
        }
        var program = ChildProgram("/bin/sh", ["/bin/sh", "-c", line], environment: environment)
        program.errors = isSilent ? .nowhere : .inherited
        program.company = hasOwnGroup ? .group : .own
        let exit: ChildProgram.Exit
        var output: [UInt8]
        do throws(ChildProgram.Failure) {
            (exit, output) = try program.run(limit: SecretCommand.limit, until: deadline)
        } catch {
            throw SecretReader.Unavailable(reason: error.description)
        }
        defer { output.wipe() }
        switch exit {
        case .status(0): return try firstLine(of: output)
        case .status(let status):
            throw SecretReader.Unavailable(
                reason: "failed with status \(status): \(SecretCommand.meaning(status))")
        case .signal(let signal): throw SecretReader.Unavailable(reason: "was ended by signal \(signal)")
        }
    }

    /// What an exit status of a shell means (POSIX, "Exit Status for Commands").
    private static func meaning(_ status: Int32) -> String {
        switch status {
        case 126: "a program in it may not be run"
        case 127: "a program in it was not found"
        default: "run it by hand to see why"
        }
    }

    private func firstLine(of output: [UInt8]) throws(SecretReader.Unavailable) -> String {
        var line = output.prefix { $0 != .newline }
        if line.count < output.count, line.last == .carriageReturn { line.removeLast() }
        guard let text = String(validUTF8: line) else {
            throw SecretReader.Unavailable(reason: "printed something that is not UTF-8")
        }
        return text
    }
}
