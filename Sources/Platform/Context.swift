/// What one run of the helper works with: handed down, so that nothing is global.
public struct Context: Sendable {
    public var environment: Environment
    public var clock: Clock
    public var log: Log
    /// When this process began: a token issued later than that satisfies whatever was asked of it.
    public let started: Timestamp
    /// Whether a person may be asked for something.
    public var allowsInput: Bool
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
        Context(environment: environment, clock: clock, log: log, allowsInput: allowsInput)
    }

    /// The deadline of an answer that may take `timeout`, counted from when this process began.
    public func deadline(_ timeout: Milliseconds) -> Deadline { beginning.extended(by: timeout) }
}
