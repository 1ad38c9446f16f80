import CTestSupport

/// A terminal at which nobody types.
public final class PseudoTerminal: Sendable {
    /// What a program opens as its terminal.
    public let path: String
    private let master: Descriptor

    public init() throws {
        var name = [CChar](repeating: 0, count: 128)
        master = Descriptor(
            owning: try checked("opening a pseudo-terminal") {
                support_open_terminal(&name, Int32(name.count))
            })
        path = name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// A program with this terminal as its standard input and its controlling terminal.
    public func program(
        _ helper: Helper, _ arguments: [String], environment: [String: String?] = [:]
    ) -> Program {
        // The shell leads a session without a terminal, so the first one that it opens becomes its own.
        helper.client(
            "sh", ["-c", #"exec "$@" <"$0""#, path, helper.executable] + arguments, environment: environment)
    }
}
