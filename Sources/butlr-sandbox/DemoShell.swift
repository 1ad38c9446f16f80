import Sandbox

/// Runs commands as a person at a prompt would, in the demo's home.
struct DemoShell {
    /// How a command ended.
    struct Result {
        var output: String
        var errors: String
        /// The exit status; 128 and the signal's number when a signal ended it, as the shell has it.
        var status: Int32
    }

    /// `NAME=value` each.
    let environment: [String]
    let crew: DemoCrew

    /// Longer than any command that behaves is silent, in milliseconds.
    private static let patience: Int32 = 20_000

    func run(_ command: String) -> Result { finish(start(command)) }

    /// Runs a command several times at once.
    func run(_ command: String, times: Int) -> [Result] {
        let children = (0..<times).map { _ in start(command) }
        return children.map { finish($0) }
    }

    private struct Child {
        /// `nil` when it could not be started.
        var process: pid_t?
        var output: Int32
        var errors: Int32
    }

    private func start(_ command: String) -> Child {
        let output = makePipe()
        let errors = makePipe()
        defer {
            close(output.writer)
            close(errors.writer)
        }
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.writer, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors.writer, STDERR_FILENO)

        // A group of its own, so that the command ends with everything that it started.
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = [POSIX_SPAWN_SETPGROUP, POSIX_SPAWN_SETSIGMASK, POSIX_SPAWN_SETSIGDEF]
        posix_spawnattr_setflags(&attributes, flags.reduce(0) { $0 | Int16($1) })

        let words = (["/bin/sh", "-c", "cd && \(command)"] as [String]).map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        let process = crew.add {
            var process: pid_t = 0
            let failure = posix_spawn(&process, "/bin/sh", &actions, &attributes, words, variables)
            return failure == 0 ? process : nil
        }
        return Child(process: process, output: output.reader, errors: errors.reader)
    }

    private func finish(_ child: Child) -> Result {
        defer {
            close(child.output)
            close(child.errors)
        }
        guard let process = child.process else {
            return Result(output: "", errors: "cannot start /bin/sh\n", status: 126)
        }
        let (output, errors) = contents(of: child.output, child.errors) { kill(-process, SIGKILL) }
        let status = crew.wait(for: process)
        let signal = status & 0x7F
        return Result(output: output, errors: errors, status: signal == 0 ? status >> 8 & 0xFF : 128 + signal)
    }

    /// What is written to two pipes until both are closed. Calls `giveUp` when nothing comes for too long.
    private func contents(of first: Int32, _ second: Int32, giveUp: () -> Void) -> (String, String) {
        var entries = [first, second].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var received: [[UInt8]] = [[], []]
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while entries.contains(where: { $0.fd >= 0 }) {
            let count = poll(&entries, 2, DemoShell.patience)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 {
                giveUp()
                break
            }
            for index in entries.indices where entries[index].revents != 0 {
                let length = read(entries[index].fd, &chunk, chunk.count)
                // poll(2) passes over a negative descriptor.
                if length <= 0 { entries[index].fd = -1 } else { received[index] += chunk[..<length] }
            }
        }
        return (String(decoding: received[0], as: UTF8.self), String(decoding: received[1], as: UTF8.self))
    }
}

/// A pipe that no child inherits but for what it is given as its own streams.
private func makePipe() -> (reader: Int32, writer: Int32) {
    var ends: [Int32] = [-1, -1]
    _ = pipe(&ends)
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
}
