import Callers
import Platform
import Profiles
import Sandbox
import TestSupport
import Testing

@testable import Commands

/// The manual pages, held against the tables that the program itself goes by.
@Suite struct ManualPageTests {
    private static let folder = Folder(
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/"))
    private static let pages = (try? folder.folder("man").files()) ?? []

    private func page(_ name: String) throws -> ManualPage {
        ManualPage(try ManualPageTests.folder.read("man/\(name)"))
    }

    @Test func explainEveryCommandAndNoOther() throws {
        let sections = [
            "Commands for scripts and tools", "Commands that tools call", "Commands for setting up",
            "Other commands",
        ]
        let page = try page("butlr-credential.1")
        let explained = sections.flatMap { page.items(below: $0) }.compactMap(\.command)
        #expect(explained.sorted() == (Program.commands.map { $0.name } + ["help", "version"]).sorted())
    }

    @Test(arguments: Program.commands.map { $0.name })
    func explainEveryOptionOf(_ name: String) throws {
        let command = try #require(Program.command(named: name))
        let item = try #require(try page("butlr-credential.1").item(of: name))
        let options = command.manual.options.map(\.name)
        #expect(Set(item.options).subtracting(Manual.commonOptions.map(\.name)) == Set(options))
        for option in command.manual.options {
            let words = option.value?.split(separator: "|") ?? []
            for word in words where words.count > 1 {
                #expect(item.words.contains(String(word)), "\(option)")
            }
        }
        let operands = command.manual.operands.split { " |[]".contains($0) }.map { $0.filter { $0 != "." } }
        for word in operands + command.manual.choices where !word.isEmpty && word != "--" {
            #expect(item.words.contains(word), "\(word)")
        }
        if let program = command.program { #expect(item.words.contains(program)) }
    }

    @Test func explainTheOptionsOfAll() throws {
        let page = try page("butlr-credential.1")
        #expect(page.items(below: "Options").flatMap(\.options) == Manual.commonOptions.map(\.name))
        #expect(page.options(in: "SYNOPSIS") == Manual.commonOptions.map(\.name))
    }

    @Test func explainEveryKey() throws {
        let page = try page("butlr-credential-config.5")
        let keys = page.items(below: "KEYS").flatMap(\.names)
        #expect(keys.sorted() == ConfigKey.allCases.map(\.name).sorted())
        let sources = page.items(below: "SECRETS").flatMap(\.names)
        #expect(sources == ["env", "file", "command", "systemd", "prompt", "plain"])
        for source in sources where source != "plain" {
            #expect(throws: Never.self) {
                try SecretSource.check(source == "prompt" ? "prompt:" : "\(source):x", option: "--password")
            }
        }
    }

    /// Every variable that the program looks at is in one of the two pages.
    @Test func explainEveryVariable() throws {
        var used: Set<String> = []
        for file in try ManualPageTests.folder.folder("Sources").files() where file.hasSuffix(".swift") {
            used.formUnion(variables(in: try ManualPageTests.folder.read("Sources/\(file)")))
        }
        var explained: Set<String> = []
        for name in ManualPageTests.pages { explained.formUnion(variables(in: try page(name).text)) }
        #expect(used == explained)
    }

    private func variables(in text: String) -> [String] {
        text.split { !("A"..."Z").contains($0) && $0 != "_" }.map(String.init)
            .filter { $0.hasPrefix("BUTLR_") && $0 != "BUTLR_" }
    }

    @Test func listEveryOutcome() throws {
        let listed = try page("butlr-credential-protocol.7").items(below: "OUTCOMES").map {
            Array($0.head.split(separator: " ").prefix(3))
        }.filter { $0.count == 3 && Int32($0[0]) != nil }.map { "\($0[0]) \($0[2])" }
        #expect(listed == HelperError.Code.allCases.map { "\($0.exitStatus) \($0.rawValue)" })
    }

    @Test func explainEveryOptionOfTheSandbox() throws {
        let page = try page("butlr-sandbox.1")
        let options = SandboxOptions.help.split(separator: "\n").filter { $0.hasPrefix("  --") }
            .map { String($0.dropFirst(2).prefix { $0 != " " }) }
        #expect(page.items(below: "DESCRIPTION").flatMap(\.options) == options)
        #expect(page.options(in: "SYNOPSIS") == options)
    }

    @Test(.clients("mandoc"), arguments: pages) func areCleanAndLeadToPagesThatThereAre(_ name: String)
        async throws
    {
        let path = ManualPageTests.folder.path("man/\(name)")
        let lint = try await Program("mandoc", ["-T", "lint", path], environment: .inherited("PATH")).run()
        let complaints = lint.output.split(separator: "\n").filter {
            !$0.contains("referenced manual not found") && !$0.contains("outdated mandoc.db")
        }
        #expect(complaints.isEmpty, "\(lint)")
        for line in try page(name).lines where line.hasPrefix(".Xr butlr-") {
            let words = line.split(separator: " ")
            #expect(ManualPageTests.folder.exists("man/\(words[1]).\(words[2])"), "\(line)")
        }
    }

    /// What a shell offers is what there is: the scripts ask the program, so it is asked here.
    @Test func completionOffersTheSame() async throws {
        let helper = try Helper()
        for command in Program.commands {
            let result = try await helper.run(
                "completion", "candidates", "--", "butlr-credential", command.name, "--")
            let offered = result.output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
            #expect(offered == (command.manual.options + Manual.commonOptions).map(\.name), "\(command.name)")
        }
    }
}

/// A page in the language of mdoc(7), as far as these tests read it.
private struct ManualPage {
    /// One entry of a list and what is said of it, lists in it included.
    struct Item {
        /// What follows `.It`.
        let head: String
        var lines: [String]

        /// Every word of it but the macros.
        var words: Set<String> {
            Set(lines.joined(separator: " ").split { " ,".contains($0) }.map(String.init))
        }

        /// The options named in it, as they are typed.
        var options: [String] { ManualPage.options(in: lines) }

        /// What it explains: the words behind `Cm` up to the next macro.
        var names: [String] {
            guard head.hasPrefix("Cm ") else { return [] }
            return head.dropFirst(3).split(separator: " ").prefix { $0 != ":" }.filter { $0 != "," }
                .map(String.init)
        }

        /// The command that it explains.
        var command: String? { names.first }
    }

    let text: String
    var lines: [Substring] { text.split(separator: "\n") }

    init(_ text: String) { self.text = text }

    /// The outermost entries of the lists in a section, its subsections included, or in a subsection.
    func items(below heading: String) -> [Item] {
        var items: [Item] = []
        var depth = 0
        for line in section(heading) {
            if line.hasPrefix(".Bl") { depth += 1 }
            if line.hasPrefix(".It "), depth == 1 {
                items.append(Item(head: String(line.dropFirst(4)), lines: [String(line)]))
            } else if depth > 0, !items.isEmpty {
                items[items.count - 1].lines.append(String(line))
            }
            if line.hasPrefix(".El") { depth -= 1 }
        }
        return items
    }

    func item(of command: String) -> Item? {
        items(below: "DESCRIPTION").first { $0.command == command }
    }

    func options(in heading: String) -> [String] { ManualPage.options(in: section(heading).map(String.init)) }

    private func section(_ heading: String) -> [Substring] {
        let quotes = heading.contains(" ") ? [".Ss \(heading)"] : [".Sh \(heading)", ".Ss \(heading)"]
        guard let start = lines.firstIndex(where: { quotes.contains(String($0)) }) else { return [] }
        let isWhole = lines[start].hasPrefix(".Sh")
        return Array(
            lines[(start + 1)...].prefix { !$0.hasPrefix(".Sh ") && (isWhole || !$0.hasPrefix(".Ss ")) })
    }

    /// `Fl -name` is the option `--name`.
    private static func options(in lines: [String]) -> [String] {
        var options: [String] = []
        for line in lines where line.hasPrefix(".") {
            let words = line.split(separator: " ")
            for (macro, word) in zip(words, words.dropFirst())
            where macro.hasSuffix("Fl") && word.hasPrefix("-") && word.count > 1 {
                if !options.contains("-\(word)") { options.append("-\(word)") }
            }
        }
        return options
    }
}
