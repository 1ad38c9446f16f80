extension ChildProgram {
    /// How a program ended.
    public enum Exit: Equatable, Sendable {
        case status(Int32)
        case signal(Int32)

        /// The exit status as a shell tells it.
        public var shellStatus: Int32 {
            switch self {
            case .status(let status): status
            case .signal(let signal): 128 + signal
            }
        }
    }

    /// Why a program did not run to its end.
    public struct Failure: Error, CustomStringConvertible {
        /// To follow the program's name in a sentence.
        public let description: String
    }

    /// Runs it to its end. A process that it leaves behind may hold its output open; nobody waits for that one.
    ///
    /// - Parameter limit: how many bytes it may print.
    /// - Returns: how it ended, and its output, which goes nowhere else.
    /// - Throws: where it cannot be started, or has been killed: with its whole group, if it has one of its own.
    public func run(limit: Int, until deadline: Deadline) throws(Failure) -> (exit: Exit, output: [UInt8]) {
        // A caller may have had us started without SIGCHLD, and then nobody is told how a child ended.
        let handler = signal(SIGCHLD, SIG_DFL)
        defer { signal(SIGCHLD, handler) }
        let process: pid_t
        let reading: FileDescriptor
        do throws(SystemError) {
            let pipe = try Pipe()
            var program = self
            program.output = .descriptor(pipe.writing.raw)
            process = try program.start()
            reading = pipe.closingWriting()
        } catch {
            throw Failure(description: "cannot be run: \(error)")
        }
        var output: [UInt8] = []
        // It may be a secret, and a list that grows leaves what it held behind.
        output.reserveCapacity(4096)
        var isOpen = true
        var status: Int32 = 0
        var hasEnded = false
        while isOpen || !hasEnded {
            if deadline.hasPassed {
                if !hasEnded { kill(process) }
                output.wipe()
                throw Failure(description: "did not finish before the deadline and was ended")
            }
            if isOpen {
                let pause = hasEnded ? Deadline(in: 0) : deadline.limited(to: 20)
                if waitUntilReadable(reading.raw, pause) {
                    var chunk = (try? readSome(reading.raw, atMost: 65_536)) ?? []
                    defer { chunk.wipe() }
                    output.append(contentsOf: chunk)
                    isOpen = !chunk.isEmpty
                    if output.count > limit {
                        if !hasEnded { kill(process) }
                        output.wipe()
                        let most = limit < 1 << 20 ? "\(limit >> 10) KiB" : "\(limit >> 20) MiB"
                        throw Failure(description: "printed more than \(most) and was ended")
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
        let signal = status & 0x7F
        return (signal == 0 ? .status(status >> 8 & 0xFF) : .signal(signal), output)
    }

    /// Only before it has been waited for: after that, its number may be another process's.
    private func kill(_ process: pid_t) {
        Platform.kill(company == .own ? process : -process, SIGKILL)
        var status: Int32 = 0
        _ = retrying { waitpid(process, &status, 0) }
    }
}
