import Platform

/// Reads the syntax of git's config files, `git-config(1)` "Syntax", item by item and in one pass.
///
/// It hands out ranges of the bytes it was given and copies nothing: a value is decoded when somebody wants it.
/// What git accepts is accepted and what git refuses is refused. Where versions of git differ (a tab inside a
/// value), it does as git 2.45 and later.
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
    private var position: Int
    private var line = 1

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        let hasByteOrderMark = bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
        position = hasByteOrderMark ? 3 : 0
    }

    /// The next header or entry, `nil` at the end.
    mutating func next() throws(ConfigFault) -> Item? {
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case .newline:
                line += 1
                position += 1
            case .space, .tab, .carriageReturn:
                position += 1
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
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "]") {
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
        while position < bytes.count, bytes[position].isBlank, !isLineEnd(position) { position += 1 }
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw fault(.badSection) }
        position += 1
        let start = position
        while !isLineEnd(position) {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                position += 1
                guard position < bytes.count, bytes[position] == UInt8(ascii: "]") else {
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
        while position < bytes.count, bytes[position].isKeyCharacter { position += 1 }
        var entry = Entry(name: start..<position, value: nil, line: line)
        while position < bytes.count, bytes[position] == .space || bytes[position] == .tab { position += 1 }
        if isLineEnd(position) { return entry }
        guard bytes[position] == UInt8(ascii: "=") else { throw fault(.missingEqualsSign) }
        position += 1
        entry.value = try value()
        return entry
    }

    private mutating func value() throws(ConfigFault) -> Value {
        while position < bytes.count, bytes[position].isBlank { position += 1 }
        let start = position
        var end = start
        while position < bytes.count {
            let byte = bytes[position]
            // Most bytes of most values are letters.
            if byte > UInt8(ascii: "\\") {
                position += 1
                end = position
                continue
            }
            switch byte {
            case .newline:
                return Value(range: start..<end, isPlain: true, isCut: false)
            case .space, .tab:
                position += 1
            case UInt8(ascii: "#"), UInt8(ascii: ";"):
                position = endOfLine(from: position)
                return Value(range: start..<end, isPlain: true, isCut: true)
            case .carriageReturn:
                if isLineEnd(position) { return Value(range: start..<end, isPlain: true, isCut: false) }
                return try encodedValue(from: start)
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                return try encodedValue(from: start)
            default:
                position += 1
                end = position
            }
        }
        return Value(range: start..<end, isPlain: true, isCut: false)
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
    private func isLineEnd(_ position: Int) -> Bool { bytes.isLineEnd(position) }

    private func endOfLine(from position: Int) -> Int {
        guard position < bytes.count,
            let found = memchr(bytes.baseAddress! + position, Int32(UInt8.newline), bytes.count - position)
        else { return bytes.count }
        return UnsafeRawPointer(found) - bytes.baseAddress!
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

extension UInt8 {
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")

    /// Whether it is a space in git's sense, the newline aside.
    var isBlank: Bool { self == .space || self == .tab || self == .carriageReturn }
    var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
    var isLetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }
    /// Whether it may stand in the name of a key or section.
    var isKeyCharacter: Bool { isLetter || isDigit || self == UInt8(ascii: "-") }
    /// An ASCII letter in lower case; anything else as it is.
    var lowered: UInt8 { self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self }
}
