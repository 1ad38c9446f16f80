/// What goes to standard error beside the answer: warnings, and on request an account of what is done.
///
/// Nothing that is logged holds a secret or the body of a request or response.
public struct Log: Sendable {
    public enum Level: Int, Comparable, Sendable {
        /// Nothing at all: some callers read standard error as part of the answer.
        case silent
        case warnings
        case debug
        case trace

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    public var level: Level

    public init(_ level: Level) { self.level = level }

    public func warn(_ message: String) { write(.warnings, "warning: ", message) }
    public func debug(_ message: @autoclosure () -> String) { write(.debug, "", message()) }
    public func trace(_ message: @autoclosure () -> String) { write(.trace, "", message()) }

    private func write(_ needed: Level, _ prefix: String, _ message: @autoclosure () -> String) {
        guard level >= needed else { return }
        writeToStandardError("butlr-credential: \(prefix)\(message())\n")
    }
}

/// Writes to standard error; that nobody may be reading it is no failure.
public func writeToStandardError(_ text: String) { try? writeAll(STDERR_FILENO, Array(text.utf8)) }

/// Text of foreign origin made fit for a terminal and a log: one line, no control sequences, cut to `limit`
/// characters.
public func quoted(_ text: String, limit: Int = 200) -> String {
    var line = ""
    for scalar in text.unicodeScalars.prefix(limit) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: line.append(" ")
        default: line.unicodeScalars.append(scalar)
        }
    }
    let words = line.split(separator: " ").joined(separator: " ")
    return text.unicodeScalars.count > limit ? words + "…" : words
}
