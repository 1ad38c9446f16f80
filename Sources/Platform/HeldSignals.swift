/// Holds back the signals that end or stop a program, for as long as this exists: what has been begun is done as a whole,
/// and then they do what they do.
public struct HeldSignals: ~Copyable {
    private static var all: [Int32] { [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP] }

    private let before: sigset_t

    public init() {
        var signals = sigset_t()
        var before = sigset_t()
        sigemptyset(&signals)
        for signal in HeldSignals.all { sigaddset(&signals, signal) }
        pthread_sigmask(SIG_BLOCK, &signals, &before)
        self.before = before
    }

    /// One that has come meanwhile.
    public static var pending: Int32? {
        var pending = sigset_t()
        guard sigpending(&pending) == 0 else { return nil }
        return all.first { sigismember(&pending, $0) == 1 }
    }

    deinit {
        var before = before
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }
}
