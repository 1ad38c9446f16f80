import Callers

/// What `help` prints, made from the commands' manuals.
enum Help {
    static var overview: String {
        var text = """
            Usage: butlr-credential [OPTION]... COMMAND [ARGUMENT]...

            Hands a fresh OAuth 2.0 access token to the program that asks for one.

            Commands:

            """
        let commands =
            Program.callers.map { ($0.manual.command, $0.manual.summary) }
            + [("help [COMMAND]", "explain the commands, or one"), ("version", "print the version")]
        text += table(commands)
        text += "\nOptions, before or after the command:\n"
        text += table(Manual.commonOptions.map { (term($0), $0.summary) })
        return text
    }

    static func page(_ manual: Manual) -> String {
        let operands = manual.operands.isEmpty ? "" : " " + manual.operands
        let options = manual.options.isEmpty ? "" : " [OPTION]..."
        var text = "Usage: butlr-credential \(manual.command)\(options)\(operands)\n"
        for program in manual.programs { text += "   or: \(program)\(options)\(operands)\n" }
        text += "\n" + manual.summary.prefix(1).uppercased() + manual.summary.dropFirst() + ".\n"
        if let input = manual.input { text += "Reads \(input).\n" }
        if !manual.options.isEmpty {
            text += "\nOptions:\n" + table(manual.options.map { (term($0), $0.summary) })
        }
        return text
    }

    private static func term(_ option: Manual.Option) -> String {
        option.name + (option.value.map { " " + $0 } ?? "")
    }

    private static func table(_ rows: [(term: String, summary: String)]) -> String {
        let width = min(24, rows.map { $0.term.count }.max() ?? 0)
        return rows.map { term, summary in
            // A long term has a line of its own.
            let gap =
                term.count > width
                ? "\n" + String(repeating: " ", count: width + 4)
                : String(repeating: " ", count: width + 2 - term.count)
            return "  \(term)\(gap)\(summary)\n"
        }.joined()
    }
}
