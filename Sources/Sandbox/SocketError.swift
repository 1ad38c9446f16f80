/// A system call on the way to a listening socket that failed.
public struct SocketError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was attempted, as in `cannot listen on 127.0.0.1:8080`.
    public let operation: String
    /// The system's error number.
    public let number: Int32

    init(_ operation: String, number: Int32 = errno) {
        self.operation = operation
        self.number = number
    }

    public var description: String { "\(operation): \(String(cString: strerror(number)))" }
}
