import Platform

/// Where the members of an object stand in a JSON text, for a change that leaves the rest of the text as it is.
struct JSONMembers {
    struct Member {
        let name: String
        /// Where its name begins, and where its value does and ends.
        let start: Int
        let value: Range<Int>
    }

    private(set) var members: [Member] = []
    /// Where the braces are.
    let open: Int
    let close: Int

    /// - Parameter bytes: a text that is known to be JSON.
    /// - Returns: `nil` where no object begins at `start` or after white space there.
    init?(_ bytes: [UInt8], at start: Int = 0) {
        var cursor = Cursor(bytes: bytes, position: start)
        cursor.skipSpace()
        guard cursor.current == UInt8(ascii: "{") else { return nil }
        open = cursor.position
        cursor.position += 1
        while true {
            cursor.skipSpace()
            guard let byte = cursor.current else { return nil }
            if byte == UInt8(ascii: "}") { break }
            if byte == UInt8(ascii: ",") {
                cursor.position += 1
                continue
            }
            let name = cursor.position
            cursor.skipValue()
            let text = try? JSON(parsing: Array(bytes[name..<cursor.position]))
            cursor.skipSpace()
            cursor.position += 1
            cursor.skipSpace()
            let value = cursor.position
            cursor.skipValue()
            guard let text = text?.string, cursor.position > value else { return nil }
            members.append(Member(name: text, start: name, value: value..<cursor.position))
        }
        close = cursor.position
    }

    subscript(name: String) -> Member? { members.first { $0.name == name } }

    /// The text with one more member at the object's end, set like those before it.
    ///
    /// - Parameter indentation: what a line begins with in an object that is empty so far.
    func adding(_ name: String, _ value: String, to bytes: [UInt8], indentation: String) -> [UInt8] {
        let text = JSON.string(name).serialized + ": " + value
        guard let last = members.last else {
            let outer = String(indentation.dropLast(JSONMembers.unit(of: indentation).count))
            return Array(bytes[...open]) + Array("\n\(indentation)\(text)\n\(outer)".utf8)
                + Array(bytes[close...])
        }
        let space = bytes[..<last.start].suffix { $0 == 0x20 || (0x09...0x0D).contains($0) }
        let end = last.value.upperBound
        return Array(bytes[..<end]) + [UInt8(ascii: ",")] + space + Array(text.utf8) + Array(bytes[end...])
    }

    /// The text without one of the members.
    func removing(_ name: String, from bytes: [UInt8]) -> [UInt8] {
        guard let index = members.firstIndex(where: { $0.name == name }) else { return bytes }
        if members.count == 1 { return Array(bytes[...open]) + Array(bytes[close...]) }
        if index == 0 { return Array(bytes[..<members[0].start]) + Array(bytes[members[1].start...]) }
        return Array(bytes[..<members[index - 1].value.upperBound])
            + Array(bytes[members[index].value.upperBound...])
    }

    /// One step of an indentation: a tab, or as many blanks as there are.
    private static func unit(of indentation: String) -> String {
        indentation.hasPrefix("\t") ? "\t" : String(indentation.prefix(indentation.utf8.count / 2))
    }
}

extension ArraySlice where Element == UInt8 {
    /// What follows the last element for which the condition does not hold.
    fileprivate func suffix(_ condition: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let end = lastIndex { !condition($0) }
        return end.map { self[index(after: $0)...] } ?? self
    }
}

private struct Cursor {
    let bytes: [UInt8]
    var position: Int

    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skipSpace() {
        while let byte = current, byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
    }

    mutating func skipValue() {
        var depth = 0
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""): skipString()
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                position += 1
                continue
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
                position += 1
            case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x09...0x0D:
                if depth == 0 { return }
                position += 1
                continue
            default:
                position += 1
                continue
            }
            if depth == 0 { return }
        }
    }

    private mutating func skipString() {
        position += 1
        while let byte = current {
            position += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return }
        }
    }
}
