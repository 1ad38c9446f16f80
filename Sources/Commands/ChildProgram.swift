import Platform

/// Runs another program to its end, without input.
///
/// - Parameters:
///   - program: its path.
///   - mergingErrors: whether its standard error is a part of the output, rather than thrown away.
/// - Returns: its exit status (128 and the signal where one ended it) and its output, at most 16 MiB.
/// - Throws: why it cannot be started.
func runProgram(
    _ program: String, _ arguments: [String], environment: [String], mergingErrors: Bool = false
) throws(SystemError) -> (status: Int32, output: [UInt8]) {
    // A caller may have had us started without SIGCHLD, and then nobody is told how a child ended.
    let handler = signal(SIGCHLD, SIG_DFL)
    defer { signal(SIGCHLD, handler) }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError() }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let reading = FileDescriptor(owning: ends[0])
    let started = spawn(program, arguments, environment, output: ends[1], mergingErrors)
    close(ends[1])
    guard started.failure == 0 else { throw SystemError(started.failure) }
    let output = (try? reading.readToEnd(limit: 16 << 20)) ?? []
    var status: Int32 = 0
    _ = retrying { waitpid(started.process, &status, 0) }
    let signal = status & 0x7F
    return (signal == 0 ? status >> 8 & 0xFF : 128 + signal, output)
}

private func spawn(
    _ program: String, _ arguments: [String], _ environment: [String], output: Int32, _ mergingErrors: Bool
) -> (process: pid_t, failure: Int32) {
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
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    if mergingErrors {
        posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
    } else {
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
    }
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))

    let argv = ([program] + arguments).map { strdup($0) } + [nil]
    let envp = environment.map { strdup($0) } + [nil]
    defer { for text in argv + envp { free(text) } }
    var process: pid_t = 0
    let failure = posix_spawn(&process, program, &actions, &attributes, argv, envp)
    return (process, failure)
}
