/// One line on standard error, on a terminal, that says what is waited for: it comes when that has taken a
/// second and goes when it is over.
///
/// A thread of its own writes it, because what is waited for blocks this one.
public final class WaitingNotice {
    private let line: String
    private var alarm: (reading: Int32, writing: Int32)?
    private var thread: pthread_t?
    /// Written by the thread, read once it has ended.
    private var isShown = false

    /// How long something may take before it is worth a word.
    private static var patience: Milliseconds { 1000 }

    /// - Returns: `nil` where there can be none.
    init?(_ what: String, until end: String, _ environment: Environment) {
        let (before, after) = ("butlr-credential: waiting for ", ", until \(end)")
        // The last column stays free: a full line would move on to the next.
        let width = TerminalSize.columns(STDERR_FILENO, environment) - 1
        let room = max(0, width - columns(before) - columns(after))
        line = "\r" + cut(before + cut(quoted(what), to: room) + after, to: width)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        alarm = (ends[0], ends[1])
        guard start() else {
            close(ends[0])
            close(ends[1])
            return nil
        }
    }

    deinit { end() }

    /// Takes the line away; a second call does nothing.
    public func end() {
        guard let ends = alarm, let thread else { return }
        alarm = nil
        close(ends.writing)
        pthread_join(thread, nil)
        close(ends.reading)
        if isShown { writeToStandardError("\r\u{1B}[K") }
    }

    private func start() -> Bool {
        // It is joined before this object goes.
        let object = Unmanaged.passUnretained(self).toOpaque()
        #if canImport(Darwin)
            return pthread_create(
                &thread, nil,
                {
                    WaitingNotice.run($0)
                    return nil
                }, object) == 0
        #else
            var handle = pthread_t()
            let failure = pthread_create(
                &handle, nil,
                {
                    WaitingNotice.run($0!)
                    return nil
                }, object)
            if failure == 0 { thread = handle }
            return failure == 0
        #endif
    }

    private static func run(_ object: UnsafeMutableRawPointer) {
        var signals = sigset_t()
        sigfillset(&signals)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        Unmanaged<WaitingNotice>.fromOpaque(object).takeUnretainedValue().show()
    }

    private func show() {
        guard let alarm, !waitUntilReadable(alarm.reading, Deadline(in: WaitingNotice.patience)) else {
            return
        }
        writeToStandardError(line)
        isShown = true
    }
}
