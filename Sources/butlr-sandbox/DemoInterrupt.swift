import Sandbox

/// What a person at the terminal or a closing terminal sends.
private let interrupts = [SIGINT, SIGTERM, SIGHUP]

/// Keeps interrupts for ``onInterrupt(_:)``. To be called before there are other threads, which inherit it.
func blockInterrupts() {
    var signals = interruptSet()
    pthread_sigmask(SIG_BLOCK, &signals, nil)
}

/// Hands an interrupt to `handler`, on a thread of its own.
func onInterrupt(_ handler: @escaping @Sendable (Int32) -> Void) {
    let box = Unmanaged.passRetained(Handler(handler))
    #if canImport(Darwin)
        var thread: pthread_t?
        let failure = pthread_create(&thread, nil, { waitForInterrupt($0) }, box.toOpaque())
    #else
        var thread = pthread_t()
        let failure = pthread_create(&thread, nil, { waitForInterrupt($0!) }, box.toOpaque())
    #endif
    if failure != 0 { box.release() }
}

/// Ends the process as an interrupt does that nobody waits for, so that a shell which runs it in a loop stops too.
func endBySignal(_ number: Int32) -> Never {
    var signals = interruptSet()
    signal(number, SIG_DFL)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    raise(number)
    exit(128 + number)
}

private final class Handler: Sendable {
    let run: @Sendable (Int32) -> Void
    init(_ run: @escaping @Sendable (Int32) -> Void) { self.run = run }
}

private func waitForInterrupt(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    let handler = Unmanaged<Handler>.fromOpaque(argument).takeRetainedValue()
    var signals = interruptSet()
    var received: Int32 = 0
    while sigwait(&signals, &received) != 0 {}
    handler.run(received)
    return nil
}

private func interruptSet() -> sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in interrupts { sigaddset(&signals, signal) }
    return signals
}
