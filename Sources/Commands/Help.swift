import Callers

/// What `help` prints, made from the commands' manuals.
struct Help {
    private let layout: TextLayout

    init(width: Int) { layout = TextLayout(width: min(width, 100)) }

    var overview: String {
        var people: [(term: String, meaning: String)] = []
        for command in Program.people { people.append((command.name, command.manual.summary)) }
        people += [("help [COMMAND]", "explain the commands, or one"), ("version", "print the version")]
        var tools: [(term: String, meaning: String)] = []
        for command in Program.tools { tools.append((command.name, command.manual.summary)) }
        return "Usage: butlr-credential [OPTION]... COMMAND [ARGUMENT]...\n\n"
            + layout.paragraph("Hands a fresh OAuth 2.0 access token to the program that asks for one.")
            + "\nTyped by people:\n" + layout.list(people)
            + "\nCalled by tools:\n" + layout.list(tools)
            + "\nOptions, before or after the command:\n" + layout.list(rows(Manual.commonOptions))
    }

    func page(_ command: any Command.Type) -> String {
        let manual = command.manual
        let operands = manual.operands.isEmpty ? "" : " " + manual.operands
        let options = manual.options.isEmpty ? "" : " [OPTION]..."
        var text = "Usage: butlr-credential \(command.name)\(options)\(operands)\n"
        if let program = command.program { text += "   or: \(program)\(options)\(operands)\n" }
        text +=
            "\n" + layout.paragraph(manual.summary.prefix(1).uppercased() + manual.summary.dropFirst() + ".")
        if let input = manual.input { text += layout.paragraph("Reads \(input).") }
        for paragraph in manual.details { text += "\n" + layout.paragraph(paragraph) }
        if !manual.options.isEmpty { text += "\nOptions:\n" + layout.list(rows(manual.options)) }
        return text
    }

    private func rows(_ options: [Manual.Option]) -> [(term: String, meaning: String)] {
        options.map { ($0.name + ($0.value.map { " " + $0 } ?? ""), $0.summary) }
    }
}
