import Sandbox

/// What the reader sees: 80 columns, with bold and dim print on a terminal that has them.
struct DemoPage {
    private(set) var failures = 0
    private var steps = 0
    private let home: String
    private let isStyled: Bool

    private static let width = 80
    private static let indent = "   "

    /// - Parameter home: the folder that is shown as `~`.
    init(home: String) {
        self.home = home
        func variable(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
        // https://no-color.org: set and not empty.
        isStyled =
            isatty(STDOUT_FILENO) == 1 && variable("NO_COLOR").isEmpty
            && !["", "dumb"].contains(variable("TERM"))
    }

    func paragraph(_ text: String) { show(wrapped(text, indent: "")) }

    /// Begins a step, with the number of token requests so far at the right.
    mutating func step(_ title: String, _ asked: Int) {
        steps += 1
        let title = "\(steps). \(title)"
        let count = "asked: \(asked)"
        let gap = String(repeating: " ", count: max(1, DemoPage.width - title.count - count.count))
        show(["", styled(title, "1") + gap + styled(count, "2")])
    }

    /// A command, then what it printed.
    func command(_ command: String, _ result: DemoShell.Result, showsErrors: Bool = true) {
        show(
            command.split(separator: "\n").enumerated().map { index, line in
                DemoPage.indent + (index == 0 ? "$ " : "  ") + line
            })
        for line in result.output.split(separator: "\n") { remark(String(line)) }
        if showsErrors { for line in result.errors.split(separator: "\n") { remark(String(line)) } }
    }

    /// A line of a step.
    func remark(_ text: String) {
        show(wrapped(shortened(replacing(home, by: "~", in: text)), indent: DemoPage.indent))
    }

    /// Counts a step that did not behave, and says so.
    mutating func expect(_ isAsPromised: Bool, _ promise: String, _ result: DemoShell.Result? = nil) {
        if isAsPromised { return }
        failures += 1
        let status = result.map { " (exit status \($0.status))" } ?? ""
        show([DemoPage.indent + styled("NOT AS IT SHOULD BE\(status)", "1") + ": expected \(promise)"])
    }

    func end(logins: Int, of requests: Int) {
        let verdict =
            failures == 0
            ? "Everything behaved: \(requests) token requests, \(logins) of them granted."
            : "Not everything behaved: see NOT AS IT SHOULD BE above."
        show(["", styled(verdict, "1")])
    }

    func nextSteps() {
        show(["", styled("With a Butlr account", "1")])
        paragraph("Make a token in https://app.butlr.io (Account Settings, API tokens), then type:")
        show([
            DemoPage.indent + "swift run butlr-credential login",
            DemoPage.indent + "swift run butlr-credential token",
        ])
    }

    private func styled(_ text: String, _ attribute: String) -> String {
        isStyled ? "\u{1B}[\(attribute)m\(text)\u{1B}[0m" : text
    }

    private func show(_ lines: [String]) {
        for line in lines { print(line) }
        fflush(nil)
    }

    /// Breaks a text after blanks and commas; what has neither is broken anywhere.
    private func wrapped(_ text: String, indent: String) -> [String] {
        var lines: [String] = []
        var rest = text[...]
        while indent.count + rest.count > DemoPage.width {
            let room = rest.prefix(DemoPage.width - indent.count)
            let end = room.lastIndex { $0 == " " || $0 == "," }.map(rest.index(after:)) ?? room.endIndex
            var line = rest[..<end]
            while line.last == " " { line.removeLast() }
            lines.append(indent + line)
            rest = rest[end...]
        }
        return lines + [indent + rest]
    }
}

private func replacing(_ part: String, by other: String, in text: String) -> String {
    var replaced = ""
    var rest = text[...]
    while let range = rest.firstRange(of: part) {
        replaced += rest[..<range.lowerBound] + other
        rest = rest[range.upperBound...]
    }
    return replaced + rest
}

/// A text in which nothing long enough to be a token is whole.
private func shortened(_ text: String) -> String {
    var shortened = ""
    var rest = text[...]
    while let first = rest.first {
        let run = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "-._~+".contains($0)) }
        if run.isEmpty {
            shortened.append(first)
            rest.removeFirst()
        } else {
            shortened += run.count > 40 ? run.prefix(6) + "..." : run
            rest = rest[run.endIndex...]
        }
    }
    return shortened
}
