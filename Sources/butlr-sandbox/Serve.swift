import Sandbox

/// `butlr-sandbox serve`: prints the base URL and serves until SIGINT or SIGTERM.
@Sendable
func serve(_ arguments: [String]) throws(UsageError) -> Int32 {
    if arguments.contains("--help") || arguments.contains("-h") {
        print("usage: butlr-sandbox serve [OPTION]...\n\n\(SandboxOptions.help)")
        return 0
    }
    let server = SandboxServer(try SandboxOptions(arguments: arguments))

    // Blocked before there are other threads, which inherit it, so that only `sigwait` receives them.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    do {
        print(try server.start())
        fflush(nil)
    } catch {
        complain("\(error)")
        return 71  // EX_OSERR of sysexits.h
    }
    var received: Int32 = 0
    while sigwait(&signals, &received) != 0 {}
    server.stop()
    return 0
}
