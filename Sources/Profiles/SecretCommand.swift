import Platform

/// A shell command whose first line of output is a secret.
struct SecretCommand {
    let line: String
    /// `NAME=value` each.
    let environment: [String]
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
        // A caller may have had us started without SIGCHLD, and then nobody is told how a child ended.
        let handler = signal(SIGCHLD, SIG_DFL)
        defer { signal(SIGCHLD, handler) }

        var program = ChildProgram("/bin/sh", ["/bin/sh", "-c", line], environment: environment)
        program.errors = isSilent ? .nowhere : .inherited
        program.company = hasOwnGroup ? .group : .own
        let process: pid_t
        let output: FileDescriptor
        do throws(SystemError) {
            let pipe = try Pipe()
            program.output = .descriptor(pipe.writing.raw)
            process = try program.start()
            output = pipe.closingWriting()
        } catch {
            throw SecretReader.Unavailable(reason: "cannot be run: \(error)")
        }
        var printed = try self.output(of: process, output, deadline)
        defer { printed.wipe() }
        return try firstLine(of: printed)
    }

    /// What the command writes until it has ended. A process that it leaves behind may hold the pipe open;
    /// nobody waits for that one.
    private func output(
        of process: pid_t, _ pipe: borrowing FileDescriptor, _ deadline: Deadline
    ) throws(SecretReader.Unavailable) -> [UInt8] {
        var output: [UInt8] = []
        var isOpen = true
        var status: Int32 = 0
        var hasEnded = false
        while isOpen || !hasEnded {
            if deadline.hasPassed {
                end(process, hasEnded)
                throw SecretReader.Unavailable(reason: "did not finish before the deadline and was ended")
            }
            if isOpen {
                let pause = hasEnded ? Deadline(in: 0) : deadline.limited(to: 20)
                if waitUntilReadable(pipe.raw, pause) {
                    let chunk = (try? readSome(pipe.raw, atMost: 4096)) ?? []
                    output.append(contentsOf: chunk)
                    isOpen = !chunk.isEmpty
                    if output.count > SecretCommand.limit {
                        end(process, hasEnded)
                        throw SecretReader.Unavailable(reason: "printed more than 64 KiB and was ended")
                    }
                    if isOpen { continue }
                } else if hasEnded {
                    isOpen = false
                }
            }
            if !hasEnded {
                hasEnded = retrying { waitpid(process, &status, WNOHANG) } != 0
                if !hasEnded, !isOpen { deadline.sleep(1) }
            }
        }
        guard status == 0 else {
            throw SecretReader.Unavailable(reason: SecretCommand.reason(status))
        }
        return output
    }

    /// What an exit status of a shell means (POSIX, "Exit Status for Commands").
    private static func reason(_ status: Int32) -> String {
        let signal = status & 0x7F
        guard signal == 0 else { return "was ended by signal \(signal)" }
        let code = status >> 8 & 0xFF
        let why =
            switch code {
            case 126: "a program in it may not be run"
            case 127: "a program in it was not found"
            default: "run it by hand to see why"
            }
        return "failed with status \(code): \(why)"
    }

    private func end(_ process: pid_t, _ hasEnded: Bool) {
        // Once it has been waited for, its number may be another process's.
        if hasEnded { return }
        kill(hasOwnGroup ? -process : process, SIGKILL)
        var status: Int32 = 0
        _ = retrying { waitpid(process, &status, 0) }
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
