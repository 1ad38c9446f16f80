/// How much room there is for text.
public enum TerminalSize {
    /// Columns of the terminal that a descriptor is: what `COLUMNS` says, else the terminal itself; 80 where
    /// neither does. At least 20.
    public static func columns(_ descriptor: Int32, _ environment: Environment) -> Int {
        if let text = environment.nonEmpty("COLUMNS"), let columns = Int(text), (1...10_000).contains(columns)
        {
            return max(20, columns)
        }
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return max(20, Int(size.ws_col))
    }

    /// Whether a descriptor is a terminal on which a line can be taken back.
    public static func canErase(_ descriptor: Int32, _ environment: Environment) -> Bool {
        guard isatty(descriptor) == 1, let kind = environment.nonEmpty("TERM") else { return false }
        return kind != "dumb"
    }
}

/// How many columns a text takes on a terminal.
public func columns(_ text: some StringProtocol) -> Int {
    text.unicodeScalars.reduce(0) { $0 + columns($1) }
}

/// The text, or as much of it as fits, with `…` in the place of what does not.
public func cut(_ text: String, to width: Int) -> String {
    guard columns(text) > width else { return text }
    var cut = String.UnicodeScalarView()
    var used = 1
    for scalar in text.unicodeScalars {
        used += columns(scalar)
        if used > width { break }
        cut.append(scalar)
    }
    return String(cut) + "…"
}

/// Two for the wide characters of East Asia and for pictures (UAX #11, roughly), none for marks that go on
/// the character before.
private func columns(_ scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0..<0x300: return 1
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
        0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
        return 2
    default: break
    }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: return 1
    }
}

/// The time of day here, `14:03:22`.
public func localTime(_ moment: Timestamp) -> String {
    var seconds = time_t(moment.seconds)
    var parts = tm()
    localtime_r(&seconds, &parts)
    return [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(
        separator: ":")
}
