/// One line on standard error, on a terminal, that says what is waited for: it comes when that has taken a
/// second and goes when it is over.
///
/// A thread of its own writes it, because what is waited for blocks this one.
public final class WaitingNotice {
    private let line: String
    /// Wakes the thread with a byte.
    private let alarm: Pipe
    private var thread: Thread?
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
        guard let alarm = try? Pipe() else { return nil }
        self.alarm = alarm
        // It is joined before this object goes.
        nonisolated(unsafe) let notice = Unmanaged.passUnretained(self)
        thread = Thread { notice.takeUnretainedValue().show() }
        if thread == nil { return nil }
    }

    deinit { end() }

    /// Takes the line away; a second call does nothing.
    public func end() {
        guard let thread else { return }
        self.thread = nil
        try? alarm.writing.writeAll([0])
        thread.join()
        if isShown { writeToStandardError("\r\u{1B}[K") }
    }

    private func show() {
        if waitUntilReadable(alarm.reading.raw, Deadline(in: WaitingNotice.patience)) { return }
        writeToStandardError(line)
        isShown = true
    }
}
