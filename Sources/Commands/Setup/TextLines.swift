import Platform

/// A text as lines, each with its own end, so that joined they are the text again.
struct TextLines {
    var lines: [String]

    init(_ text: String) {
        lines = []
        var line: [UInt8] = []
        for byte in text.utf8 {
            line.append(byte)
            if byte == 0x0A {
                lines.append(String(decoding: line, as: UTF8.self))
                line = []
            }
        }
        if !line.isEmpty { lines.append(String(decoding: line, as: UTF8.self)) }
    }

    var text: String { lines.joined() }

    /// What a line says, without white space at its ends.
    func content(_ index: Int) -> String { trimmed(lines[index]) }

    /// Puts lines before the line of that index, each with an end of its own.
    mutating func insert(_ new: [String], at index: Int) {
        if index == lines.count { endLastLine() }
        lines.insert(contentsOf: new.map { $0 + "\n" }, at: index)
    }

    mutating func append(_ new: [String]) { insert(new, at: lines.count) }

    private mutating func endLastLine() {
        if let last = lines.last, last.utf8.last != 0x0A { lines[lines.count - 1] += "\n" }
    }
}

/// The lines that the helper has put into a file of somebody else's: behind a comment that says so, for one line, or
/// between two, for several.
enum Mark {
    static let line = "# butlr-credential setup"

    static func begin(_ label: String) -> String { "\(line): \(label)" }
    static let end = "\(line): end"

    /// The range of the block of that label, its marks included.
    static func block(_ label: String, in text: TextLines) -> Range<Int>? {
        guard let first = text.lines.indices.first(where: { text.content($0) == begin(label) }),
            let last = text.lines.indices[first...].first(where: { text.content($0) == end })
        else { return nil }
        return first..<(last + 1)
    }

    /// The text with that block at its end, or in its old place.
    static func placing(_ block: [String], label: String, in contents: String) -> String {
        var text = TextLines(contents)
        let marked = [begin(label)] + block + [end]
        if let range = self.block(label, in: text) {
            text.lines.replaceSubrange(range, with: marked.map { $0 + "\n" })
        } else {
            text.append(marked)
        }
        return text.text
    }

    static func removing(label: String, from contents: String) -> String {
        var text = TextLines(contents)
        while let range = block(label, in: text) { text.lines.removeSubrange(range) }
        return text.text
    }
}

/// A section of an INI or TOML file: its header's name, and the indices of the lines below it.
struct TextSection {
    let name: String
    let header: Int
    var lines: Range<Int>

    static func all(in text: TextLines) -> [TextSection] {
        var sections: [TextSection] = []
        for index in text.lines.indices {
            let content = text.content(index)
            if content.hasPrefix("["), !content.hasPrefix("[["),
                let end = content.utf8.firstIndex(of: UInt8(ascii: "]"))
            {
                let name = trimmed(content[content.index(after: content.startIndex)..<end])
                sections.append(TextSection(name: name, header: index, lines: (index + 1)..<(index + 1)))
            } else if let last = sections.indices.last {
                sections[last].lines = sections[last].lines.lowerBound..<(index + 1)
            }
        }
        return sections
    }

    /// The index and value of the line that gives a key.
    func line(of key: String, in text: TextLines) -> (index: Int, value: String)? {
        for index in lines {
            let content = text.content(index)
            guard let equals = content.utf8.firstIndex(of: UInt8(ascii: "=")) else { continue }
            guard trimmed(content[..<equals]) == key else { continue }
            return (index, trimmed(content[content.index(after: equals)...]))
        }
        return nil
    }
}
