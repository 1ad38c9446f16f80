/// What one run of the helper works with: handed down, so that nothing is global.
public struct Context: Sendable {
    public var environment: Environment
    public var clock: Clock
    public var log: Log
    /// When this process began: a token issued later than that satisfies whatever was asked of it.
    public let started: Timestamp
    /// Whether a person may be asked for something.
    public var allowsInput: Bool
    /// Whether a person sees standard error, and wants to know what takes so long.
    public var showsWaiting = false
    private let beginning: Deadline

    public init(environment: Environment, clock: Clock, log: Log, allowsInput: Bool) {
        self.environment = environment
        self.clock = clock
        self.log = log
        self.allowsInput = allowsInput
        started = clock.now()
        beginning = Deadline(in: 0)
    }

    /// The same for another request: its time begins now.
    public var restarted: Context {
        var context = Context(environment: environment, clock: clock, log: log, allowsInput: allowsInput)
        context.showsWaiting = showsWaiting
        return context
    }

    /// The deadline of an answer that may take `timeout`, counted from when this process began.
    public func deadline(_ timeout: Milliseconds) -> Deadline { beginning.extended(by: timeout) }

    /// Says what is waited for, and at most until when, once that has taken a second.
    ///
    /// - Returns: what ends the notice; `nil` where nobody would see it.
    public func notice(of what: @autoclosure () -> String, until deadline: Deadline) -> WaitingNotice? {
        guard showsWaiting else { return nil }
        return WaitingNotice(what(), until: localTime(clock.now() + deadline.remaining), environment)
    }
}
