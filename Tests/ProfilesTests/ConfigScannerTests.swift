import Platform
import Testing

@testable import Profiles

@Suite struct ConfigScannerTests {
    @Test(arguments: [
        ("[a]\nb = c\n", ["a.b=c"]),
        ("[a]b=c", ["a.b=c"]),
        ("[A \"B c\"]\nKey-1 = V\n", ["a.B c.key-1=V"]),
        ("[a \"q\\\"\\\\\\x\"]\nb\n", ["a.q\"\\x.b"]),
        ("[A.Sub.X]\nb=1", ["a.sub.x.b=1"]),
        ("[A.b \"C\"]\nb=1", ["a.b.C.b=1"]),
        ("[a]\nb\nc =\nd = \"\"", ["a.b", "a.c=", "a.d="]),
        ("[a]\nb = x ; y\nc = x # y\nd = \"x ; y\" ;z\ne = x;y", ["a.b=x", "a.c=x", "a.d=x ; y", "a.e=x"]),
        ("# c\n; d\n[a] ; e\nb = c", ["a.b=c"]),
        ("[a]\nb =   x   y  \t\n", ["a.b=x   y"]),
        ("[a]\nb = x \\\n  y", ["a.b=x   y"]),
        ("[a]\nb = \"x\\\n  y\"", ["a.b=x  y"]),
        ("[a]\nb = x \\\n\nc", ["a.b=x ", "a.c"]),
        ("[a]\nb = x # y \\\nc = d", ["a.b=x", "a.c=d"]),
        ("[a]\nb = \\\"x\\n\\t\\b\\\\", ["a.b=\"x\n\t\u{8}\\"]),
        ("[a]\nb = \"\"  x", ["a.b=x"]),
        ("[a]\nb = \" \"  x \"\" ", ["a.b=   x "]),
        ("[a]\nb = x\\", ["a.b=x"]),
        ("\u{FEFF}[a]\r\nb = c\r\nd = \"e\"\r\nf\r\n", ["a.b=c", "a.d=e", "a.f"]),
        ("[a]\r\nb = c \\\r\n  d\r\n", ["a.b=c   d"]),
        ("[ \"a\"]\nb=c", [".a.b=c"]),
        ("b=c", ["b=c"]),
        ("", []),
        ("\n \t\n", []),
    ])
    func readsAsGitDoes(text: String, expected: [String]) throws {
        #expect(try scanned(Array(text.utf8)) == expected.map { Array($0.utf8) })
    }

    @Test(arguments: [
        ("[a]\n=b", 2), ("[a]\n1b = c", 2), ("[a]\nb c", 2), ("[a]\nb_c = d", 2), ("[a]\nb # c", 2),
        ("[a\nb = c", 1), ("[a \"b\n\"]", 1), ("[a \"b\"", 1), ("[a \"b\" ]", 1), ("[a b]", 1), ("[a ]", 1),
        ("[", 1),
        ("[]", 1), ("[a_b]", 1), ("[a \"b\\", 1), ("[a \"b\\\n\"]", 1), ("]", 1),
        ("[a]\nb = \"c\nd = e", 2), ("[a]\nb = \"c", 2), ("[a]\nb = \\x", 2), ("[a]\nb = c\\\n\\x", 3),
        ("[a]\n\n# x\nb = \"\\q\"", 4), ("[a]\nb = c\\ \n", 2), ("é", 1),
    ])
    func refusesWhatGitRefuses(text: String, line: Int) {
        let fault = #expect(throws: ConfigFault.self) { try scanned(Array(text.utf8)) }
        #expect(fault?.line == line)
    }

    @Test func knowsTheLineOfEveryEntry() throws {
        let text = "[a]\nb = c\\\n d\n\ne = \"f\\\n\\\n\"\n[g \"h\"]\r\ni\n"
        let lines = try Array(text.utf8).withUnsafeBytes { bytes in
            var scanner = ConfigScanner(bytes)
            var lines: [Int] = []
            while let item = try scanner.next() {
                switch item {
                case .section(let section): lines.append(section.line)
                case .entry(let entry): lines.append(entry.line)
                }
            }
            return lines
        }
        #expect(lines == [1, 2, 5, 8, 9])
    }

    @Test(arguments: [("x", false), ("x # y", true), ("x;", true), ("\"x#y\"", false), ("\"x\" # y", true)])
    func tellsWhetherACommentEndedTheValue(text: String, isCut: Bool) throws {
        try Array("[a]\nb = \(text)\n".utf8).withUnsafeBytes { bytes in
            var scanner = ConfigScanner(bytes)
            _ = try scanner.next()
            guard case .entry(let entry) = try scanner.next() else { return }
            #expect(entry.value?.isCut == isCut)
        }
    }

    /// git itself is the oracle: what it lists is what is read, and where it refuses a file, so it is here.
    @Test(.enabled(if: runShell("git --version > /dev/null 2>&1") == 0))
    func agreesWithGit() throws {
        let folder = TemporaryFolder()
        let count = 3000
        var generator = SplitMix64(state: 20_261_123)
        let files = (0..<count).map { _ in ConfigText.random(using: &generator) }
        for (index, text) in files.enumerated() { folder.write("\(index)", bytes: text) }
        runShell(
            """
            cd \(folder.path) || exit
            export HOME=\(folder.path) GIT_CONFIG_NOSYSTEM=1
            half() { i=$1; while [ $i -lt \(count) ]; do
                git config --file $i --list -z > $i.out 2> $i.err; echo $? > $i.status; i=$((i + 2)); done; }
            half 0 & half 1; wait
            """)
        var accepted = 0
        for (index, text) in files.enumerated() {
            let ours = try? scanned(text)
            let status = try #require(folder.text("\(index).status"))
            if status == "0\n" {
                accepted += 1
                let output = try FileDescriptor(opening: "\(folder.path)/\(index).out", O_RDONLY)
                    .readToEnd(limit: 1 << 20)
                let theirs = output.split(separator: 0).map { Self.entry(fromGit: Array($0)) }
                #expect(ours == theirs, "\(String(reflecting: String(decoding: text, as: UTF8.self)))")
            } else {
                #expect(ours == nil, "\(String(reflecting: String(decoding: text, as: UTF8.self)))")
            }
        }
        // The random files are worth something only while neither kind is rare.
        #expect(accepted > count / 4 && accepted < count * 9 / 10)
    }

    /// `key\nvalue` as `key=value`.
    private static func entry(fromGit text: [UInt8]) -> [UInt8] {
        guard let newline = text.firstIndex(of: .newline) else { return text }
        return text[..<newline] + [UInt8(ascii: "=")] + text[(newline + 1)...]
    }
}

/// All entries as `section.subsection.key=value`.
private func scanned(_ text: [UInt8]) throws(ConfigFault) -> [[UInt8]] {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: text.count, alignment: 1)
    defer { bytes.deallocate() }
    bytes.copyBytes(from: text)
    var scanner = ConfigScanner(UnsafeRawBufferPointer(bytes))
    var prefix: [UInt8] = []
    var entries: [[UInt8]] = []
    while let item = try scanner.next() {
        switch item {
        case .section(let section):
            prefix = bytes[section.base].map(\.lowered)
            if let range = section.subsection {
                let name = ConfigScanner.Section.decodedSubsection(range, from: scanner.bytes)
                prefix += [UInt8(ascii: ".")] + name
            }
            prefix.append(UInt8(ascii: "."))
        case .entry(let entry):
            var text = prefix + bytes[entry.name].map(\.lowered)
            if let value = entry.value {
                text += [UInt8(ascii: "=")] + value.decoded(from: scanner.bytes)
            }
            entries.append(text)
        }
    }
    return entries
}

/// Random config files: mostly well formed, with every oddity of the syntax, now and then broken.
///
/// No tab and no lone carriage return stands between the words of a value: versions of git differ there.
private enum ConfigText {
    static func random(using generator: inout SplitMix64) -> [UInt8] {
        var text: [UInt8] = []
        if Int.random(in: 0..<20, using: &generator) == 0 { text += [0xEF, 0xBB, 0xBF] }
        if Int.random(in: 0..<15, using: &generator) > 0 { text += header(&generator) }
        for _ in 0..<Int.random(in: 0..<9, using: &generator) {
            switch Int.random(in: 0..<12, using: &generator) {
            case 0: text += header(&generator)
            case 1:
                text += pick(["# c", ";d \\", "  # \"e", "#\r", "", " ", "\t"], &generator) + end(&generator)
            case 2: text += junk(&generator)
            default: text += entry(&generator)
            }
        }
        if Int.random(in: 0..<8, using: &generator) == 0, !text.isEmpty {
            text.removeLast(Int.random(in: 1...min(4, text.count), using: &generator))
        }
        return text
    }

    private static func header(_ generator: inout SplitMix64) -> [UInt8] {
        var text = Array("[".utf8) + pick(["profile", "Profile", "a.B.c", "x-1", "", "a."], &generator)
        if Bool.random(using: &generator) {
            text += pick([" ", "\t", "  ", " \r"], &generator) + Array("\"".utf8)
            for _ in 0..<Int.random(in: 0..<5, using: &generator) {
                text += pick(
                    ["a", "B", " ", ".", "\\\"", "\\\\", "\\x", "#", ";", "]", "=", "é", "\t", "\r"],
                    &generator)
            }
            text += Array("\"".utf8)
        }
        text += Array("]".utf8)
        return text + pick(["\n", "\n", "\n", "\r\n", " ", " # c\n", "\t\n", ""], &generator)
    }

    private static func entry(_ generator: inout SplitMix64) -> [UInt8] {
        var text = pick(["", "", "\t", "  ", "\r"], &generator)
        text += pick(["url", "Key", "a-b", "x9", "token-endpoint"], &generator)
        text += pick(["", " ", "\t", "  "], &generator)
        if Int.random(in: 0..<8, using: &generator) == 0 { return text + end(&generator) }
        text += Array("=".utf8) + pick(["", " ", "\t ", "\r"], &generator)
        for _ in 0..<Int.random(in: 0..<7, using: &generator) {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0: text += quotedPart(&generator)
            case 1: text += pick(["\\n", "\\t", "\\b", "\\\\", "\\\""], &generator)
            case 2: text += pick(["\\\n", "\\\r\n", "\\\n\n", "\\\n  "], &generator)
            case 3: text += pick([" ", "  ", "   "], &generator)
            case 4: text += pick(["#", ";", " # x", "= ["], &generator)
            default: text += pick(["a", "bc", "é", "]", "=", "/x", "~", "\u{7F}"], &generator)
            }
        }
        text += pick(["", "", " ", "\t", " \t "], &generator)
        return text + end(&generator)
    }

    private static func quotedPart(_ generator: inout SplitMix64) -> [UInt8] {
        var text = Array("\"".utf8)
        for _ in 0..<Int.random(in: 0..<5, using: &generator) {
            text += pick(["a", " ", "\t", "#", ";", "\\\"", "\\\\", "\\n", "\\\n", "\r", "é"], &generator)
        }
        return text + Array("\"".utf8)
    }

    private static func junk(_ generator: inout SplitMix64) -> [UInt8] {
        if Int.random(in: 0..<3, using: &generator) > 0 { return [] }
        var text: [UInt8] = []
        for _ in 0..<Int.random(in: 1..<4, using: &generator) {
            text += pick(["a", "[", "]", "\"", "\\", "=", "_", "1", "é", "\\q", "#", "\n", "-"], &generator)
        }
        return text + end(&generator)
    }

    private static func end(_ generator: inout SplitMix64) -> [UInt8] {
        pick(["\n", "\n", "\n", "\r\n", "\n\n"], &generator)
    }

    private static func pick(_ choices: [String], _ generator: inout SplitMix64) -> [UInt8] {
        Array(choices.randomElement(using: &generator)!.utf8)
    }
}
