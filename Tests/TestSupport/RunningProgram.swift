/// A child that has been started. It is killed when the last reference to this goes while it still runs.
public final class RunningProgram: Sendable {
    private let child: ChildProcess
    private let home: TemporaryFolder?

    init(_ child: ChildProcess, in home: TemporaryFolder?) {
        self.child = child
        self.home = home
    }

    deinit { child.signal(SIGKILL, toGroup: true) }

    public var processID: pid_t { child.pid }

    /// Queues text for the child to read (``Program/Input/open``); never blocks. What a child that has ended
    /// or closed its input leaves unread is dropped.
    public func write(_ text: String) { child.write(Array(text.utf8)) }

    /// Queues bytes for the child to read.
    public func write(_ bytes: [UInt8]) { child.write(bytes) }

    /// Ends the child's input once it has read what was queued.
    public func closeInput() { child.closeInput() }

    /// The next line of its standard output, without its newline; `nil` at the end. What is read here is in the
    /// outcome all the same.
    ///
    /// - Throws: ``Program/TimedOut``.
    public func readLine() async throws -> String? { try await child.readLine(\.output) }

    /// The next line of its standard error, without its newline; `nil` at the end.
    ///
    /// - Throws: ``Program/TimedOut``.
    public func readErrorLine() async throws -> String? { try await child.readLine(\.errors) }

    /// Whether it has ended.
    public var hasEnded: Bool { child.state.value.exit != nil }

    /// Sends a signal to it, or to it and everything it started that is still of its process group; nothing when
    /// it has ended.
    public func signal(_ number: Int32, toGroup: Bool = false) { child.signal(number, toGroup: toGroup) }

    /// Waits until it has ended and its output, too.
    ///
    /// - Throws: ``Program/TimedOut``.
    @discardableResult
    public func wait() async throws -> Program.Outcome { try await child.wait() }

    /// Kills it and everything of its process group, and waits until it is gone.
    public func kill() async {
        child.signal(SIGKILL, toGroup: true)
        _ = await child.state.wait { $0.exit }
    }
}
