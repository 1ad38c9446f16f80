/// A system call that failed, for a test to throw.
public struct SystemFailure: Error, Equatable, CustomStringConvertible {
    /// What was tried, on what.
    public let what: String
    /// The value of `errno`.
    public let number: Int32

    public init(_ what: String, _ number: Int32 = errno) {
        self.what = what
        self.number = number
    }

    public var description: String { "\(what): \(String(cString: strerror(number)))" }
}

/// Repeats a system call that a signal interrupted, and throws when it fails for another reason.
@discardableResult
func checked<Result: SignedInteger>(_ what: @autoclosure () -> String, _ call: () -> Result) throws -> Result
{
    while true {
        let result = call()
        if result != -1 { return result }
        if errno != EINTR { throw SystemFailure(what()) }
    }
}
