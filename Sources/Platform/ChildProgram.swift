/// A program to be started with its standard streams and nothing else of this process's: its standard input is empty,
/// no signal is blocked, and SIGPIPE does what it usually does.
public struct ChildProgram: Sendable {
    /// Where a stream of the child goes.
    public enum Stream: Sendable {
        case nowhere
        /// Where this process's own goes.
        case inherited
        /// Into an open file or pipe.
        case descriptor(Int32)
        /// Where its standard output goes.
        case output
    }

    /// Which processes it belongs to.
    public enum Company: Sendable {
        /// Those of this process, and so the terminal's foreground if this one does.
        case own
        /// A process group of its own, so that all of it can be ended at once.
        case group
        /// A session of its own, without this one's terminal.
        case session
    }

    public var path: String
    /// What it sees as its name comes first.
    public var arguments: [String]
    public var environment: [Environment.Entry]
    public var output = Stream.nowhere
    public var errors = Stream.nowhere
    public var company = Company.own

    public init(_ path: String, _ arguments: [String], environment: [Environment.Entry]) {
        self.path = path
        self.arguments = arguments
        self.environment = environment
    }

    /// Starts it.
    ///
    /// - Returns: its process, which is to be waited for unless this one ends soon.
    public func start() throws(SystemError) -> pid_t {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        for (stream, number) in [(output, STDOUT_FILENO), (errors, STDERR_FILENO)] {
            switch stream {
            case .nowhere: posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_WRONLY, 0)
            case .inherited: break
            case .descriptor(let raw): posix_spawn_file_actions_adddup2(&actions, raw, number)
            case .output: posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, number)
            }
        }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, flags)

        let argv = arguments.map { strdup($0) } + [nil]
        let envp = environment.map { $0.duplicate() } + [nil]
        defer { for text in argv + envp { free(text) } }
        var process: pid_t = 0
        let failure = posix_spawn(&process, path, &actions, &attributes, argv, envp)
        guard failure == 0 else { throw SystemError(failure) }
        return process
    }

    private var flags: Int16 {
        let signals = Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK)
        switch company {
        case .own: return signals
        case .group: return signals | Int16(POSIX_SPAWN_SETPGROUP)
        case .session: return signals | newSession
        }
    }
}

#if canImport(Darwin)
    private let newSession = Int16(POSIX_SPAWN_SETSID)
#else
    // POSIX_SPAWN_SETSID of <spawn.h>, a GNU extension that Swift does not import.
    private let newSession: Int16 = 0x80
#endif
