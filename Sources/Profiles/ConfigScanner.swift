import Platform

/// Reads the syntax of git's config files, `git-config(1)` "Syntax", item by item and in one pass.
///
/// It hands out ranges of the bytes it was given and copies nothing: a value is decoded when somebody wants
/// it. What git accepts is accepted and what git refuses is refused. Where versions of git differ (a tab
/// inside a value), it does as git 2.45 and later.
struct ConfigScanner {
    enum Item {
        case section(Section)
        case entry(Entry)
    }

    /// A header such as `[profile "default"]`.
    struct Section {
        /// What stands before the quoted part, dots included, in the case it was written in.
        var base: Range<Int>
        /// What stands between the quotes, escapes and all.
        var subsection: Range<Int>?
        var line: Int
    }

    /// A line such as `key = value`, or `key` alone.
    struct Entry {
        var name: Range<Int>
        /// `nil` where there is no `=`.
        var value: Value?
        var line: Int
    }

    /// A value as it stands in the file.
    struct Value {
        var range: Range<Int>
        /// Whether the range is the value as it is, with nothing to unquote, unescape or join.
        var isPlain: Bool
        /// Whether a comment ended it.
        var isCut: Bool
    }

    let bytes: UnsafeRawBufferPointer
    // The same once more, without a buffer's optional start, which every access would look at.
    private let text: UnsafePointer<UInt8>
    private let count: Int
    /// Where the next item is looked for, and on which line that is.
    private(set) var position: Int
    private var line: Int

    /// Goes on at a place that an earlier scanner had reached.
    init(_ bytes: UnsafeRawBufferPointer, from position: Int, line: Int) {
        self.bytes = bytes
        self.position = position
        self.line = line
        count = bytes.count
        // No byte is read where there is none.
        let start = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!
        text = start.assumingMemoryBound(to: UInt8.self)
    }

    init(_ bytes: UnsafeRawBufferPointer) {
        let hasByteOrderMark = bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
        self.init(bytes, from: hasByteOrderMark ? 3 : 0, line: 1)
    }

    /// The next header or entry, `nil` at the end.
    mutating func next() throws(ConfigFault) -> Item? {
        while position < count {
            let byte = text[position]
            switch byte {
            case .newline:
                line += 1
                position += 1
            case .space, .tab, .carriageReturn:
                var next = position + 1
                while next < count, text[next].isBlank { next += 1 }
                position = next
            case UInt8(ascii: "#"), UInt8(ascii: ";"):
                position = endOfLine(from: position)
            case UInt8(ascii: "["):
                position += 1
                return .section(try section())
            default:
                guard byte.isLetter else { throw fault(.neitherKeyNorSection) }
                return .entry(try entry())
            }
        }
        return nil
    }

    private mutating func section() throws(ConfigFault) -> Section {
        let start = position
        while position < count {
            let byte = text[position]
            if byte == UInt8(ascii: "]"), position > start {
                position += 1
                return Section(base: start..<(position - 1), subsection: nil, line: line)
            }
            if byte == .space || byte == .tab || (byte == .carriageReturn && !isLineEnd(position)) {
                let base = start..<position
                return Section(base: base, subsection: try subsection(), line: line)
            }
            guard byte.isKeyCharacter || byte == UInt8(ascii: ".") else { throw fault(.badSection) }
            position += 1
        }
        throw fault(.badSection)
    }

    private mutating func subsection() throws(ConfigFault) -> Range<Int> {
        while position < count, text[position].isBlank, !isLineEnd(position) { position += 1 }
        guard position < count, text[position] == UInt8(ascii: "\"") else { throw fault(.badSection) }
        position += 1
        let start = position
        while !isLineEnd(position) {
            switch text[position] {
            case UInt8(ascii: "\""):
                position += 1
                guard position < count, text[position] == UInt8(ascii: "]") else {
                    throw fault(.badSection)
                }
                position += 1
                return start..<(position - 2)
            case UInt8(ascii: "\\"):
                position += 1
                if isLineEnd(position) { throw fault(.badSection) }
            default: break
            }
            position += 1
        }
        throw fault(.badSection)
    }

    private mutating func entry() throws(ConfigFault) -> Entry {
        let start = position
        var end = start + 1
        while end < count, text[end].isKeyCharacter { end += 1 }
        var next = end
        while next < count, text[next] == .space || text[next] == .tab { next += 1 }
        position = next
        var entry = Entry(name: start..<end, value: nil, line: line)
        if isLineEnd(next) { return entry }
        guard text[next] == UInt8(ascii: "=") else { throw fault(.missingEqualsSign) }
        position += 1
        entry.value = try value()
        return entry
    }

    private mutating func value() throws(ConfigFault) -> Value {
        var start = position
        while start < count, text[start].isBlank { start += 1 }
        let stop = firstSpecial(from: start)
        position = stop
        if !isLineEnd(stop) {
            switch text[stop] {
            case UInt8(ascii: "#"), UInt8(ascii: ";"): position = endOfLine(from: stop)
            default: return try encodedValue(from: start)
            }
        }
        var end = stop
        while end > start, text[end - 1] == .space || text[end - 1] == .tab { end -= 1 }
        return Value(range: start..<end, isPlain: true, isCut: position != stop)
    }

    private mutating func encodedValue(from start: Int) throws(ConfigFault) -> Value {
        var walk = ValueWalk(bytes: bytes, position: start)
        do throws(ConfigFault.Kind) {
            while try walk.next() != nil {}
        } catch {
            throw ConfigFault(
                kind: error, line: error == .badEscape ? line + walk.newlines : line)
        }
        line += walk.newlines
        position = walk.position
        return Value(range: start..<position, isPlain: false, isCut: walk.isInComment)
    }

    /// Whether the text, or its line, ends here; `\r\n` counts as one end.
    private func isLineEnd(_ position: Int) -> Bool {
        if position >= count { return true }
        let byte = text[position]
        return byte == .newline
            || (byte == .carriageReturn && position + 1 < count && text[position + 1] == .newline)
    }

    /// Where the first byte is that ends a value or needs decoding, or the end of the text.
    ///
    /// Values are most of a file and have few such bytes, so eight are looked at at once.
    private func firstSpecial(from start: Int) -> Int {
        var position = start
        while position + 8 <= count {
            let word = UInt64(littleEndian: UnsafeRawPointer(text + position).loadUnaligned(as: UInt64.self))
            // `"` and `#` differ in their lowest bit alone.
            let found =
                zeroBytes(word ^ repeated(.newline)) | zeroBytes(word ^ repeated(.carriageReturn))
                | zeroBytes((word | repeated(1)) ^ repeated(UInt8(ascii: "#")))
                | zeroBytes(word ^ repeated(UInt8(ascii: ";")))
                | zeroBytes(word ^ repeated(UInt8(ascii: "\\")))
            if found != 0 { return position + found.trailingZeroBitCount / 8 }
            position += 8
        }
        while position < count {
            switch text[position] {
            case .newline, .carriageReturn, UInt8(ascii: "\""), UInt8(ascii: "#"), UInt8(ascii: ";"),
                UInt8(ascii: "\\"):
                return position
            default: position += 1
            }
        }
        return position
    }

    private func endOfLine(from position: Int) -> Int {
        guard position < count,
            let found = memchr(text + position, Int32(UInt8.newline), count - position)
        else { return count }
        return UnsafeRawPointer(found) - UnsafeRawPointer(text)
    }

    private func fault(_ kind: ConfigFault.Kind) -> ConfigFault { ConfigFault(kind: kind, line: line) }
}

extension ConfigScanner.Value {
    /// The value that this stands for.
    func decoded(from bytes: UnsafeRawBufferPointer) -> [UInt8] {
        if isPlain { return Array(bytes[range]) }
        var walk = ValueWalk(bytes: UnsafeRawBufferPointer(rebasing: bytes[..<range.upperBound]))
        walk.position = range.lowerBound
        var value: [UInt8] = []
        var length = 0
        // It was read once before, when every fault in it was reported.
        while let piece = try? walk.next() {
            switch piece {
            case .blank(let byte): if !value.isEmpty { value.append(byte) }
            case .byte(let byte):
                value.append(byte)
                length = value.count
            case .mark: length = value.count
            }
        }
        return Array(value.prefix(length))
    }
}

extension ConfigScanner.Section {
    /// The bytes of the name between the quotes.
    static func decodedSubsection(_ range: Range<Int>, from bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var name: [UInt8] = []
        var isEscaped = false
        for byte in bytes[range] {
            if byte == UInt8(ascii: "\\"), !isEscaped {
                isEscaped = true
                continue
            }
            isEscaped = false
            name.append(byte)
        }
        return name
    }
}

/// What is wrong with the syntax of a config file, and on which line.
struct ConfigFault: Error, Equatable {
    enum Kind: Error {
        case neitherKeyNorSection, badSection, missingEqualsSign, unclosedQuote, badEscape
    }

    var kind: Kind
    var line: Int

    var text: String {
        switch kind {
        case .neitherKeyNorSection: "this is neither a key, nor a [section], nor a comment"
        case .badSection: "the section header is not of the form [profile \"NAME\"]"
        case .missingEqualsSign: "after the key comes neither = nor the end of the line"
        case .unclosedQuote: "a double quote is not closed"
        case .badEscape: "after a backslash comes none of n, t, b, \\, \" or the end of the line"
        }
    }
}

/// Walks over a value that has quotes, escapes or continued lines.
private struct ValueWalk {
    enum Piece {
        case byte(UInt8)
        /// A blank outside quotes, which counts only if something follows.
        case blank(UInt8)
        /// Something that adds no byte but keeps the blanks before it.
        case mark
    }

    let bytes: UnsafeRawBufferPointer
    var position = 0
    var newlines = 0
    var isInComment = false
    private var isQuoted = false

    init(bytes: UnsafeRawBufferPointer, position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// The next piece, `nil` at the end of the value, where `position` is that of the line's end.
    mutating func next() throws(ConfigFault.Kind) -> Piece? {
        while true {
            if bytes.isLineEnd(position) {
                if isQuoted { throw .unclosedQuote }
                return nil
            }
            let byte = bytes[position]
            position += 1
            if isInComment { continue }
            if isQuoted {
                switch byte {
                case UInt8(ascii: "\""):
                    isQuoted = false
                    return .mark
                case UInt8(ascii: "\\"): return try escaped()
                default: return .byte(byte)
                }
            }
            switch byte {
            case .space, .tab, .carriageReturn: return .blank(byte)
            case UInt8(ascii: "#"), UInt8(ascii: ";"): isInComment = true
            case UInt8(ascii: "\""):
                isQuoted = true
                return .mark
            case UInt8(ascii: "\\"): return try escaped()
            default: return .byte(byte)
            }
        }
    }

    private mutating func escaped() throws(ConfigFault.Kind) -> Piece {
        if bytes.isLineEnd(position) {
            if position < bytes.count {
                position += bytes[position] == .carriageReturn ? 2 : 1
                newlines += 1
            }
            return .mark
        }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return .byte(.newline)
        case UInt8(ascii: "t"): return .byte(.tab)
        case UInt8(ascii: "b"): return .byte(8)
        case UInt8(ascii: "\\"), UInt8(ascii: "\""): return .byte(byte)
        default: throw .badEscape
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the text or its line ends at `position`; `\r\n` is one end, and a lone `\r` is none.
    fileprivate func isLineEnd(_ position: Int) -> Bool {
        if position >= count { return true }
        let byte = self[position]
        return byte == .newline
            || (byte == .carriageReturn && position + 1 < count && self[position + 1] == .newline)
    }
}

private func repeated(_ byte: UInt8) -> UInt64 { UInt64(byte) &* 0x0101_0101_0101_0101 }

/// The top bit of each byte that is zero; above the lowest of them there may be more than there should.
private func zeroBytes(_ word: UInt64) -> UInt64 { (word &- repeated(1)) & ~word & repeated(0x80) }

extension UInt8 {
    static var newline: UInt8 { UInt8(ascii: "\n") }
    static var carriageReturn: UInt8 { UInt8(ascii: "\r") }
    static var space: UInt8 { UInt8(ascii: " ") }
    static var tab: UInt8 { UInt8(ascii: "\t") }

    /// Whether it is a space in git's sense, the newline aside.
    var isBlank: Bool { self == .space || self == .tab || self == .carriageReturn }
    var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
    var isLetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }
    /// Whether it may stand in the name of a key or section.
    var isKeyCharacter: Bool { isLetter || isDigit || self == UInt8(ascii: "-") }
    /// An ASCII letter in lower case; anything else as it is.
    var lowered: UInt8 { self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self }
}
