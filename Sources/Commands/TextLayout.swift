import Platform

/// Text for a terminal of so many columns.
struct TextLayout {
    let width: Int

    init(width: Int) { self.width = width }

    /// For standard output: as wide as the terminal, and at most 80 columns.
    init(forOutputIn environment: Environment) {
        width = min(TerminalSize.columns(STDOUT_FILENO, environment), 80)
    }

    /// Words in lines that fit, each of them behind `indent` blanks; a word that fits in none has its own.
    func paragraph(_ text: String, indent: Int = 0) -> String {
        lines(of: text, width - indent).map { blanks(indent) + $0 + "\n" }.joined()
    }

    /// Terms with what they mean beside them.
    func list(_ rows: [(term: String, meaning: String)], indent: Int = 2) -> String {
        let longest = rows.map { columns($0.term) }.max() ?? 0
        let column = min(24, longest, max(8, width / 3)) + indent + 2
        return rows.map { term, meaning in
            let head = blanks(indent) + term
            let meaning = lines(of: meaning, width - column)
            // A long term has a line of its own.
            let isLong = columns(head) + 2 > column
            let first = isLong ? head + "\n" : head + blanks(column - columns(head))
            return first
                + meaning.enumerated().map { index, line in
                    (index > 0 || isLong ? blanks(column) : "") + line + "\n"
                }.joined()
        }.joined()
    }

    /// Commands to type, with what they give beside them or, where there is no room, above. A command is to be copied,
    /// so it stays in one piece.
    func commands(_ rows: [(command: String, meaning: String)]) -> String {
        let column = (rows.map { columns($0.command) }.max() ?? 0) + 4
        let isTooWide = column + (rows.map { columns($0.meaning) }.max() ?? 0) > width
        return rows.map { command, meaning in
            isTooWide
                ? paragraph("# \(meaning)", indent: 2) + "  \(command)\n"
                : "  " + command + blanks(column - columns(command) - 2) + meaning + "\n"
        }.joined()
    }

    private func lines(of text: String, _ width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, columns(line) + 1 + columns(word) > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
    }
}

func blanks(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

/// A length of time as a person says it, in the unit that fits: `45 seconds`, `58 minutes`, `3 days`.
func spoken(_ duration: Milliseconds) -> String {
    let seconds = (max(0, duration) + 500) / 1000
    let (size, unit): (Int64, String) =
        switch seconds {
        case ..<120: (1, "second")
        case ..<7200: (60, "minute")
        case ..<172_800: (3600, "hour")
        default: (86_400, "day")
        }
    let count = (seconds + size / 2) / size
    return "\(count) \(unit)\(count == 1 ? "" : "s")"
}
