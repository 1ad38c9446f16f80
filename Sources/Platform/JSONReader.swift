extension JSON {
    /// Why a text is not JSON.
    public enum SyntaxError: Error, Equatable, Sendable {
        /// The text ends before the value does: with more of it, it may be right.
        case incomplete
        /// The text is wrong at this byte.
        case invalid(offset: Int, String)
    }

    /// Reads a whole text as one value.
    public init(parsing bytes: [UInt8]) throws(SyntaxError) {
        let (value, end) = try JSON.prefix(of: bytes)
        if let trailing = bytes[end...].firstIndex(where: { !isWhitespace($0) }) {
            throw .invalid(offset: trailing, "text after the value")
        }
        self = value
    }

    /// Reads the value that a text begins with.
    ///
    /// Strict RFC 8259: UTF-8 only, no duplicate member names, no lone surrogates, at most 64 levels deep and
    /// 65,536 values, each of which takes many times the memory of its text, no number that a `Double` cannot
    /// hold. A number that the text ends with is complete.
    ///
    /// - Returns: the value, and where the text goes on behind it.
    public static func prefix(of bytes: [UInt8]) throws(SyntaxError) -> (value: JSON, end: Int) {
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value(depth: 0)
        return (value, reader.position)
    }
}

private func isWhitespace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
}

private struct JSONReader {
    let bytes: [UInt8]
    var position = 0
    private var valueCount = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func value(depth: Int) throws(JSON.SyntaxError) -> JSON {
        guard depth < 64 else { throw invalid("nested too deeply") }
        valueCount += 1
        guard valueCount <= 65_536 else { throw invalid("too many values") }
        skipWhitespace()
        switch try peek() {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw invalid("not a JSON value")
        }
    }

    private mutating func object(depth: Int) throws(JSON.SyntaxError) -> JSON {
        position += 1
        var members: [JSON.Member] = []
        // Names are the same when their bytes are (RFC 8259 §8.3); strings also when they look the same.
        var names: Set<[UInt8]> = []
        skipWhitespace()
        if try peek() == UInt8(ascii: "}") {
            position += 1
            return .object([])
        }
        while true {
            skipWhitespace()
            guard try peek() == UInt8(ascii: "\"") else { throw invalid("expected a member name") }
            let start = position
            let name = try string()
            // Few members are compared one by one; only a crowd of them is worth a set.
            if members.count == 16 { names = Set(members.map { Array($0.name.utf8) }) }
            let isDuplicate =
                members.count < 16
                ? members.contains { $0.name.utf8.elementsEqual(name.utf8) }
                : !names.insert(Array(name.utf8)).inserted
            if isDuplicate { throw .invalid(offset: start, "duplicate member name") }
            skipWhitespace()
            guard try peek() == UInt8(ascii: ":") else { throw invalid("expected ':'") }
            position += 1
            members.append(JSON.Member(name, try value(depth: depth + 1)))
            skipWhitespace()
            switch try peek() {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "}"):
                position += 1
                return .object(members)
            default: throw invalid("expected ',' or '}'")
            }
        }
    }

    private mutating func array(depth: Int) throws(JSON.SyntaxError) -> JSON {
        position += 1
        var elements: [JSON] = []
        skipWhitespace()
        if try peek() == UInt8(ascii: "]") {
            position += 1
            return .array([])
        }
        while true {
            elements.append(try value(depth: depth + 1))
            skipWhitespace()
            switch try peek() {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "]"):
                position += 1
                return .array(elements)
            default: throw invalid("expected ',' or ']'")
            }
        }
    }

    private mutating func string() throws(JSON.SyntaxError) -> String {
        let start = position + 1
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\"),
            bytes[end] >= 0x20
        {
            end += 1
        }
        guard end < bytes.count else { throw .incomplete }
        if bytes[end] == UInt8(ascii: "\"") {
            position = end + 1
            return try text(bytes[start..<end], at: start)
        }
        return try stringWithEscapes(from: start)
    }

    private mutating func stringWithEscapes(from start: Int) throws(JSON.SyntaxError) -> String {
        var decoded: [UInt8] = []
        position = start
        while true {
            let byte = try peek()
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try text(decoded[...], at: start)
            case UInt8(ascii: "\\"): try escape(into: &decoded)
            case 0..<0x20:
                position -= 1
                throw invalid("control character in a string")
            default: decoded.append(byte)
            }
        }
    }

    private mutating func escape(into decoded: inout [UInt8]) throws(JSON.SyntaxError) {
        let byte = try peek()
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(byte)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"):
            var scalar = try hexadecimal()
            if scalar & 0xFC00 == 0xD800 {
                guard try peek() == UInt8(ascii: "\\") else { throw invalid("lone surrogate") }
                position += 1
                guard try peek() == UInt8(ascii: "u") else { throw invalid("lone surrogate") }
                position += 1
                let low = try hexadecimal()
                guard low & 0xFC00 == 0xDC00 else { throw invalid("lone surrogate") }
                scalar = 0x10000 + (scalar & 0x3FF) << 10 + (low & 0x3FF)
            }
            guard let character = Unicode.Scalar(scalar) else { throw invalid("lone surrogate") }
            decoded.append(contentsOf: String(Character(character)).utf8)
        default:
            position -= 1
            throw invalid("unknown escape")
        }
    }

    private mutating func hexadecimal() throws(JSON.SyntaxError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = hexadecimalValue(try peek()) else { throw invalid("bad \\u escape") }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    private mutating func number() throws(JSON.SyntaxError) -> Double {
        let start = position
        if try peek() == UInt8(ascii: "-") { position += 1 }
        if try peek() == UInt8(ascii: "0") {
            position += 1
        } else {
            try digits()
        }
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            try digits()
        }
        if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            let sign = try peek()
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        guard let value = Double(String(decoding: bytes[start..<position], as: UTF8.self)), value.isFinite
        else { throw .invalid(offset: start, "number too large") }
        return value
    }

    private mutating func digits() throws(JSON.SyntaxError) {
        guard (48...57).contains(try peek()) else { throw invalid("expected a digit") }
        while position < bytes.count, (48...57).contains(bytes[position]) { position += 1 }
    }

    private mutating func word(_ word: String, _ value: JSON) throws(JSON.SyntaxError) -> JSON {
        for byte in word.utf8 {
            guard try peek() == byte else { throw invalid("not a JSON value") }
            position += 1
        }
        return value
    }

    private func text(_ slice: ArraySlice<UInt8>, at start: Int) throws(JSON.SyntaxError) -> String {
        guard let text = String(validUTF8: slice) else {
            throw .invalid(offset: start, "not UTF-8")
        }
        return text
    }

    private func peek() throws(JSON.SyntaxError) -> UInt8 {
        guard position < bytes.count else { throw .incomplete }
        return bytes[position]
    }

    private mutating func skipWhitespace() {
        while position < bytes.count, isWhitespace(bytes[position]) { position += 1 }
    }

    private func invalid(_ reason: String) -> JSON.SyntaxError { .invalid(offset: position, reason) }
}
