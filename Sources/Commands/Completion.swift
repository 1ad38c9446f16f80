import Broker
import Callers
import Platform

/// `completion`: a script that lets a shell complete the helper's command line.
///
/// The scripts ask the helper itself for what fits, so there is one table for them, for `help` and for what
/// is understood.
enum Completion: Command {
    static let name = "completion"

    static let manual = Manual(
        operands: "bash|zsh|fish", summary: "print a shell's completion script",
        details: [
            "bash: add to ~/.bashrc: eval \"$(butlr-credential completion bash)\"",
            "zsh: add to ~/.zshrc, after compinit: eval \"$(butlr-credential completion zsh)\"",
            "fish: add to config.fish: butlr-credential completion fish | source",
        ])

    static func answer(_ call: Call) throws(HelperError) -> Reply {
        // How the scripts ask; what follows -- is the command line so far.
        if call.arguments.count >= 2, call.arguments[0] == "candidates", call.arguments[1] == "--" {
            return Reply(output: candidates(Array(call.arguments.dropFirst(2)), call).text)
        }
        let options = try Options(call.arguments, of: Self.self)
        let script = options.operands.first.flatMap(CompletionScript.init)
        guard let script, options.operands.count == 1 else {
            throw HelperError(
                .usage, "completion needs the name of a shell: bash, zsh or fish",
                hint: "for example: butlr-credential completion bash")
        }
        return Reply(output: script.text)
    }

    private static func candidates(_ words: [String], _ call: Call) -> Candidates {
        let line = CommandLineSoFar(words)
        let broker = call.broker.forNextRequest(profile: nil, configFile: line.configFile)
        return line.candidates { (try? broker.configuration().profileNames) ?? [] }
    }
}

/// What fits the word that is being typed.
struct Candidates {
    /// What the shell itself is to complete.
    enum Kind: String {
        case files = ":files"
        /// Another program's command line.
        case command = ":command"
    }

    var kind: Kind?
    var words: [(word: String, meaning: String)] = []

    /// A line each: the word and, behind a tab, what it means.
    var text: String {
        (kind.map { $0.rawValue + "\n" } ?? "")
            + words.map { word, meaning in word + (meaning.isEmpty ? "" : "\t\(meaning)") + "\n" }.joined()
    }
}

/// A command line that is still being typed, its last word perhaps empty.
struct CommandLineSoFar {
    private var command: Manual?
    private var operands: [String] = []
    /// The option whose value is being typed.
    private var option: Manual.Option?
    private var isBehindDashes = false
    private var current = ""
    private(set) var configFile: String?

    /// - Parameter words: the program's name first.
    init(_ words: [String]) {
        current = words.count > 1 ? words[words.count - 1] : ""
        var done = words.dropFirst().dropLast()[...]
        // bash takes "=" for a word of its own.
        if current == "=" {
            current = ""
            if !done.isEmpty { done.append("=") }
        }
        while let word = done.popFirst() {
            if isBehindDashes {
                operands.append(word)
            } else if word == "--" {
                isBehindDashes = true
            } else if word.hasPrefix("-") {
                guard let found = options.first(where: { $0.name == word }), found.value != nil else {
                    continue
                }
                if done.first == "=" { done.removeFirst() }
                guard let value = done.popFirst() else {
                    option = found
                    return
                }
                if word == "--config" { configFile = value }
            } else if command == nil, let found = Program.command(named: word) {
                command = found.manual
            } else {
                operands.append(word)
            }
        }
    }

    private var options: [Manual.Option] { (command?.options ?? []) + Manual.commonOptions }

    /// - Parameter profiles: the names of the profiles, asked for where they are wanted.
    func candidates(profiles: () -> [String]) -> Candidates {
        if isBehindDashes {
            return Candidates(kind: command?.operands.hasPrefix("--") == true ? .command : nil)
        }
        if let option { return values(of: option, behind: "", current, profiles) }
        if current.hasPrefix("--"), let equals = current.firstIndex(of: "=") {
            let name = String(current[..<equals])
            guard let option = options.first(where: { $0.name == name }) else { return Candidates() }
            return values(
                of: option, behind: name + "=", String(current[current.index(after: equals)...]), profiles)
        }
        if current.hasPrefix("-") {
            return fitting(options.map { ($0.name, $0.summary) })
        }
        guard let command else {
            if operands == ["help"] { return fitting(commands) }
            return operands.isEmpty
                ? fitting(
                    commands + [("help", "explain the commands, or one"), ("version", "print the version")])
                : Candidates()
        }
        let words = command.choices.isEmpty ? choices(command.operands) : command.choices
        return operands.isEmpty ? fitting(words.map { ($0, "") }) : Candidates()
    }

    private var commands: [(String, String)] {
        Program.commands.map { ($0.name, $0.manual.summary) }
    }

    private func values(
        of option: Manual.Option, behind prefix: String, _ typed: String, _ profiles: () -> [String]
    ) -> Candidates {
        if option.name == "--profile" { return fitting(profiles().map { ($0, "") }, behind: prefix, typed) }
        if option.value == "FILE" { return Candidates(kind: .files) }
        return fitting(choices(option.value ?? "").map { ($0, "") }, behind: prefix, typed)
    }

    /// The words of `a|b|c`; what follows them on the command line is not among them.
    private func choices(_ operands: String) -> [String] {
        let first = operands.split(separator: " ").first ?? ""
        return first.contains("|") ? first.split(separator: "|").map(String.init) : []
    }

    private func fitting(
        _ words: [(String, String)], behind prefix: String = "", _ typed: String? = nil
    ) -> Candidates {
        let typed = typed ?? current
        return Candidates(
            words: words.filter { word, _ in
                // A line and a tab have a meaning to the scripts.
                word.hasPrefix(typed) && !word.utf8.contains { $0 < 0x20 }
            }.map { (prefix + $0, $1) })
    }
}
