/// What one run of the helper works with: handed down, so that nothing is global.
public struct Context: Sendable {
    public var environment: Environment
    public var clock: Clock
    public var log: Log
    /// When this process began: a token issued later than that satisfies whatever was asked of it.
    public let started: Timestamp
    /// Whether a person may be asked for something.
    public var allowsInput: Bool

    public init(environment: Environment, clock: Clock, log: Log, allowsInput: Bool) {
        self.environment = environment
        self.clock = clock
        self.log = log
        self.allowsInput = allowsInput
        started = clock.now()
    }
}
