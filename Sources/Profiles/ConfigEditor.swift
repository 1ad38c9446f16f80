import Platform

/// Changes the keys of profiles in the text of a config file and leaves every other byte as it is: comments,
/// order, blanks and the ends of lines.
///
/// What it writes reads the same in git (`git config --file`, git 2.39).
public struct ConfigEditor: Sendable {
    /// The text of the whole file.
    public private(set) var contents: [UInt8]

    /// - Parameter contents: the file's; empty for one that is to be made.
    public init(_ contents: [UInt8]) { self.contents = contents }

    /// Gives a key of a profile these values, each on a line of its own.
    ///
    /// A line that says it already stays as it is; others change in place; what there is no value for is
    /// taken out. A profile that is not there is added at the end.
    ///
    /// - Throws: `config` where the file is not in git's syntax.
    public mutating func set(_ key: ConfigKey, _ values: [String], in profile: String) throws(HelperError) {
        let found = try find(profile)
        let lines = found.lines.filter { $0.key == key }
        guard let end = found.end else {
            if !values.isEmpty { append(key, values, to: profile, inValue: found.endsInValue) }
            return
        }
        var edits: [Edit] = []
        for (line, value) in zip(lines, values) where line.text != value {
            edits.append(replacement(of: line, by: value))
        }
        for line in lines.dropFirst(values.count) { edits.append(removal(of: line)) }
        if values.count > lines.count {
            let place = lines.last ?? found.lines.last
            let indentation = place.map(indentation) ?? "    "
            edits.append(
                insertion(
                    of: values.dropFirst(lines.count).map { "\(indentation)\(key.name) = \(encoded($0))" },
                    at: place.map { afterLine(endingAt: $0.end) } ?? end, inValue: found.endsInValue))
        }
        for edit in edits.reversed() { contents.replaceSubrange(edit.range, with: edit.bytes) }
    }

    /// The lines of a profile, in order; `nil` where it is not defined.
    func settings(of profile: String, in path: String) throws(HelperError) -> [ProfileReader.Setting]? {
        let found = try find(profile)
        guard found.end != nil else { return nil }
        return found.lines.compactMap { line in
            line.key.map {
                ProfileReader.Setting(
                    key: $0, value: line.text, isCut: line.isCut, origin: .file(path: path, line: line.number)
                )
            }
        }
    }
}

// MARK: - What is where

extension ConfigEditor {
    /// A line with a key, which an escaped newline may make several.
    private struct Line {
        /// `nil` for a key that is not known.
        var key: ConfigKey?
        /// The decoded value; `nil` where there is no `=`.
        var text: String?
        var isCut: Bool
        var name: Range<Int>
        /// The value as it is written, without a comment; `nil` where there is no `=`.
        var value: Range<Int>?
        /// Where the newline is, or the end of the text.
        var end: Int
        var number: Int
    }

    private struct Found {
        var lines: [Line] = []
        /// Just behind the profile's last header and its line, or before the next header on that line; `nil` where
        /// there is none.
        var end: Int?
        /// Whether a newline at the end of the text is escaped and so a part of the last value.
        var endsInValue = false
    }

    private func find(_ profile: String) throws(HelperError) -> Found {
        let wanted = Array(profile.utf8)
        let result: Result<Found, HelperError> = contents.withUnsafeBytes { bytes in
            var scanner = ConfigScanner(bytes)
            var found = Found()
            var isWanted = false
            var close = 0
            do throws(ConfigFault) {
                while let item = try scanner.next() {
                    switch item {
                    case .section(let header):
                        if isWanted, let end = found.end, header.base.lowerBound <= end { found.end = close }
                        isWanted = header.names(wanted, in: bytes)
                        close = header.subsection.map { $0.upperBound + 2 } ?? header.base.upperBound + 1
                        if isWanted { found.end = afterLine(endingAt: endOfLine(from: close)) }
                        found.endsInValue = false
                    case .entry(let entry):
                        let line = line(entry, in: bytes)
                        if isWanted { found.lines.append(line) }
                        found.endsInValue = line.end == contents.count
                    }
                }
                return .success(found)
            } catch {
                return .failure(HelperError(.config, "line \(error.line): \(error.text)"))
            }
        }
        return try result.get()
    }

    private func line(_ entry: ConfigScanner.Entry, in bytes: UnsafeRawBufferPointer) -> Line {
        let name = UnsafeRawBufferPointer(rebasing: bytes[entry.name])
        let end = endOfLine(from: entry.value?.range.upperBound ?? entry.name.upperBound)
        return Line(
            key: ConfigKey(name),
            text: entry.value.map { String(decoding: $0.decoded(from: bytes), as: UTF8.self) },
            isCut: entry.value?.isCut ?? false, name: entry.name,
            value: entry.value.map { written($0, name: entry.name, end: end) }, end: end, number: entry.line)
    }

    /// Where a value stands, without the blanks around it and without a comment.
    private func written(_ value: ConfigScanner.Value, name: Range<Int>, end: Int) -> Range<Int> {
        if value.range.isEmpty {
            let equals = contents[name.upperBound...].firstIndex(of: UInt8(ascii: "="))!
            return equals + 1..<equals + 1
        }
        if value.isPlain { return value.range }
        var isQuoted = false
        var position = value.range.lowerBound
        var last = position
        while position < value.range.upperBound {
            let byte = contents[position]
            if !isQuoted, byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";") { break }
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if isQuoted || !byte.isBlank { last = min(position, value.range.upperBound) }
        }
        return value.range.lowerBound..<last
    }

    private func endOfLine(from position: Int) -> Int {
        contents[position...].firstIndex(of: .newline) ?? contents.count
    }

    private func afterLine(endingAt end: Int) -> Int { min(end + 1, contents.count) }

    private func startOfLine(_ position: Int) -> Int {
        contents[..<position].lastIndex(of: .newline).map { $0 + 1 } ?? 0
    }

    /// The blanks before a line's key, where nothing else is before it.
    private func indentation(_ line: Line) -> String {
        let before = contents[startOfLine(line.name.lowerBound)..<line.name.lowerBound]
        return before.allSatisfy(\.isBlank) ? String(decoding: before, as: UTF8.self) : "    "
    }
}

extension ConfigScanner.Section {
    /// Whether this is the header of that profile, in either of git's two ways to write one.
    fileprivate func names(_ profile: [UInt8], in bytes: UnsafeRawBufferPointer) -> Bool {
        let base = UnsafeRawBufferPointer(rebasing: bytes[base])
        if let subsection {
            return base.equalsIgnoringCase("profile")
                && ConfigScanner.Section.decodedSubsection(subsection, from: bytes) == profile
        }
        return base.count > 8 && UnsafeRawBufferPointer(rebasing: base[..<8]).equalsIgnoringCase("profile.")
            && base[8...].map(\.lowered) == profile
    }
}

// MARK: - Edits

extension ConfigEditor {
    private struct Edit {
        var range: Range<Int>
        var bytes: [UInt8]
    }

    private func replacement(of line: Line, by value: String) -> Edit {
        let text = encoded(value)
        guard let range = line.value else {
            return Edit(
                range: line.name.upperBound..<line.name.upperBound, bytes: Array(" = \(text)".utf8))
        }
        guard range.isEmpty else { return Edit(range: range, bytes: Array(text.utf8)) }
        return Edit(range: range, bytes: Array(" \(text)".utf8))
    }

    private func removal(of line: Line) -> Edit {
        let start = startOfLine(line.name.lowerBound)
        if contents[start..<line.name.lowerBound].allSatisfy(\.isBlank) {
            return Edit(range: start..<afterLine(endingAt: line.end), bytes: [])
        }
        // The header of the section is on the same line.
        var end = line.end
        if end > 0, end < contents.count, contents[end - 1] == .carriageReturn { end -= 1 }
        return Edit(range: line.name.lowerBound..<end, bytes: [])
    }

    private func insertion(of lines: [String], at position: Int, inValue endsInValue: Bool) -> Edit {
        let newline = newline(before: position)
        let before = position > 0 ? contents[position - 1] : .newline
        // After a backslash at the very end, or an escaped newline, the new line would be a part of the old one's value.
        let isEscaped = endsInValue && position == contents.count
        let gap = before == UInt8(ascii: "\\") ? 2 : before == .newline && !isEscaped ? 0 : 1
        let text = String(repeating: newline, count: gap) + lines.map { $0 + newline }.joined()
        return Edit(range: position..<position, bytes: Array(text.utf8))
    }

    private mutating func append(
        _ key: ConfigKey, _ values: [String], to profile: String, inValue endsInValue: Bool
    ) {
        let name = escaped(profile, ["\\", "\""])
        var lines = ["[profile \"\(name)\"]"] + values.map { "    \(key.name) = \(encoded($0))" }
        if !contents.allSatisfy({ $0.isBlank || $0 == .newline }) { lines.insert("", at: 0) }
        let edit = insertion(of: lines, at: contents.count, inValue: endsInValue)
        contents.replaceSubrange(edit.range, with: edit.bytes)
    }

    /// The end of a line as the line before has it.
    private func newline(before position: Int) -> String {
        guard let last = contents[..<position].lastIndex(of: .newline), last > 0 else { return "\n" }
        return contents[last - 1] == .carriageReturn ? "\r\n" : "\n"
    }
}

/// A value as it must be written to be read as it is (`git-config(1)`, "Syntax").
private func encoded(_ value: String) -> String {
    let text = escaped(value, ["\\", "\"", "\n", "\t", "\u{8}"])
    let needsQuotes =
        value.utf8.first?.isBlank == true || value.utf8.last?.isBlank == true
        || value.utf8.contains { $0 == UInt8(ascii: "#") || $0 == UInt8(ascii: ";") || $0 == .carriageReturn }
    return needsQuotes ? "\"\(text)\"" : text
}

private func escaped(_ text: String, _ special: Set<Unicode.Scalar>) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
        guard special.contains(scalar) else {
            escaped.unicodeScalars.append(scalar)
            continue
        }
        switch scalar {
        case "\n": escaped += "\\n"
        case "\t": escaped += "\\t"
        case "\u{8}": escaped += "\\b"
        default: escaped += "\\\(scalar)"
        }
    }
    return escaped
}
