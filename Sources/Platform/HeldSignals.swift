/// Holds back the signals that end or stop a program, for as long as this exists: what has been begun is done as a whole,
/// and then they do what they do.
public struct HeldSignals: ~Copyable {
    private let before: sigset_t

    public init() {
        var signals = sigset_t()
        var before = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP] { sigaddset(&signals, signal) }
        pthread_sigmask(SIG_BLOCK, &signals, &before)
        self.before = before
    }

    deinit {
        var before = before
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}
