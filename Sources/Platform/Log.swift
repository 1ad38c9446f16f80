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
        writeToStandardError("butlr-credential: \(prefix)\(printable(message()))\n")
    }
}

/// Writes to standard error; that nobody may be reading it is no failure.
public func writeToStandardError(_ text: String) { try? writeAll(STDERR_FILENO, Array(text.utf8)) }

/// Text of foreign origin made fit for a terminal and a log: one line, no control sequences, cut to `limit`
/// characters.
public func quoted(_ text: String, limit: Int = 200) -> String {
    let line = printable(String(text.unicodeScalars.prefix(limit)))
    let words = line.split(separator: " ").joined(separator: " ")
    return text.unicodeScalars.count > limit ? words + "…" : words
}

/// A line with a blank for each character that a terminal would obey or hide.
///
/// Whatever is printed goes through this at last, so that no text of foreign origin is forgotten.
public func printable(_ line: String) -> String {
    var printable = ""
    for scalar in line.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: printable.append(" ")
        default: printable.unicodeScalars.append(scalar)
        }
    }
    return printable
}
