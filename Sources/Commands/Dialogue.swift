import Platform
import Profiles

/// A conversation with the person at the terminal, which is the process's own (`/dev/tty`), wherever its
/// input and output go.
final class Dialogue {
    private let terminal: FileDescriptor
    private let layout: TextLayout

    /// - Returns: `nil` where there is nobody to ask: no terminal, or a background job, which would be
    ///   stopped.
    init?(_ environment: Environment) {
        let raw = retrying { open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) }
        guard raw >= 0 else { return nil }
        terminal = FileDescriptor(owning: raw)
        guard tcgetpgrp(raw) == getpgrp() else { return nil }
        layout = TextLayout(width: min(TerminalSize.columns(raw, environment), 100))
    }

    func say(_ text: String) { write(layout.paragraph(text)) }

    /// Asks for a line until there is one that nothing is wrong with.
    ///
    /// - Parameters:
    ///   - preset: the answer of whoever just presses return.
    ///   - fault: what is wrong with an answer.
    /// - Throws: `config` when the input ends.
    func ask(
        _ question: String, preset: String?, fault: (String) -> String? = { _ in nil }
    ) throws(HelperError) -> String {
        while true {
            write(question + (preset.map { " [\(quoted($0))]" } ?? "") + ": ")
            var answer = try line(question)
            if answer.isEmpty, let preset { answer = preset }
            if answer.isEmpty { continue }
            guard let fault = fault(answer) else { return answer }
            say(fault)
        }
    }

    /// Asks for one of a few words, each shown with what it is for; the beginning of one will do.
    ///
    /// - Parameter name: what is chosen, in a word.
    func choose(
        _ name: String, _ question: String, among choices: [(term: String, meaning: String)], preset: String
    ) throws(HelperError) -> String {
        let words = choices.map(\.term)
        func meant(_ answer: String) -> String? {
            let fitting = words.filter { $0.hasPrefix(answer.lowercased()) }
            return words.first { $0 == answer.lowercased() } ?? (fitting.count == 1 ? fitting[0] : nil)
        }
        let list = words.joined(separator: " or ")
        say(question)
        write(layout.list(choices))
        let answer = try ask(name, preset: preset) { answer in
            meant(answer) == nil ? "\"\(quoted(answer, limit: 40))\" is neither: type \(list)." : nil
        }
        return meant(answer) ?? preset
    }

    /// Asks for a secret, which is not shown.
    ///
    /// - Parameter isRequired: whether an empty answer is none.
    func askSecretly(_ question: String, isRequired: Bool = true) throws(HelperError) -> Secret {
        while true {
            do throws(HelperError) {
                // As long as it takes to make one elsewhere.
                let secret = try prompt(
                    for: Dialogue.subject(of: question).lowercased(), asking: question,
                    deadline: Deadline(in: 3_600_000))
                if !secret.isEmpty || !isRequired { return secret }
            } catch {
                throw HelperError(error.code, error.message + "; nothing was changed")
            }
        }
    }

    private func line(_ question: String) throws(HelperError) -> String {
        guard let bytes = try? readSome(terminal.raw, atMost: 4096), !bytes.isEmpty else {
            write("\n")
            throw Dialogue.ended(question)
        }
        return trimmed(String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self))
    }

    /// The question without what is said about the answer.
    private static func subject(of question: String) -> String {
        trimmed(question.prefix { $0 != "," && $0 != "(" })
    }

    private static func ended(_ question: String) -> HelperError {
        HelperError(
            .config, "the question for \"\(subject(of: question))\" was not answered; nothing was changed")
    }

    private func write(_ text: String) { try? terminal.writeAll(Array(text.utf8)) }
}
