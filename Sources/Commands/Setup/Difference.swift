import Platform

/// What a change to a text file takes away and brings, for people to read before it is made.
enum Difference {
    /// Lines that begin with `- ` or `+ `.
    ///
    /// Values that may be secrets are not shown, other than in lines that name the helper.
    static func between(_ old: String, _ new: String, naming helper: String) -> [String] {
        var (before, after) = (TextLines(old).lines[...], TextLines(new).lines[...])
        while let first = before.first, first == after.first {
            before.removeFirst()
            after.removeFirst()
        }
        while let last = before.last, last == after.last {
            before.removeLast()
            after.removeLast()
        }
        return changes(Array(before), Array(after)).map { sign, line in
            "\(sign) \(shown(line, helper))"
        }
    }

    private static func changes(_ old: [String], _ new: [String]) -> [(sign: String, line: String)] {
        guard !old.isEmpty, !new.isEmpty, old.count * new.count <= 4_000_000 else {
            return old.map { ("-", $0) } + new.map { ("+", $0) }
        }
        // The longest common subsequence: lengths[i][j] is that of what follows i and j.
        let width = new.count + 1
        var lengths = [Int32](repeating: 0, count: (old.count + 1) * width)
        for i in stride(from: old.count - 1, through: 0, by: -1) {
            for j in stride(from: new.count - 1, through: 0, by: -1) {
                lengths[i * width + j] =
                    old[i] == new[j]
                    ? lengths[(i + 1) * width + j + 1] + 1
                    : max(lengths[(i + 1) * width + j], lengths[i * width + j + 1])
            }
        }
        var result: [(String, String)] = []
        var (i, j) = (0, 0)
        while i < old.count || j < new.count {
            if i < old.count, j < new.count, old[i] == new[j] {
                i += 1
                j += 1
            } else if j == new.count
                || i < old.count && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]
            {
                result.append(("-", old[i]))
                i += 1
            } else {
                result.append(("+", new[j]))
                j += 1
            }
        }
        return result
    }

    private static func shown(_ line: String, _ helper: String) -> String {
        let indentation = line.utf8.prefix { $0 == 0x20 || $0 == 0x09 }.map { $0 == 0x09 ? "    " : " " }
            .joined()
        let text = quoted(line, limit: 1000)
        if text.utf8.holds(Array(helper.utf8)) { return indentation + text }
        let lowered = text.lowercased()
        let words = ["token", "passw", "secret", "key-data", "apikey", "api-key", "authorization", "\"auth"]
        let starts = words.compactMap { lowered.utf8.offset(of: Array($0.utf8)) }
        if let start = starts.min() {
            // What stands before the word, and the word with what belongs to it, may be read.
            let bytes = Array(text.utf8)
            let rest = bytes[start...].prefix {
                $0 != 0x20 && $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "=")
            }
            return indentation + String(decoding: bytes[..<rest.endIndex], as: UTF8.self) + " …"
        }
        return indentation
            + (hasLongWord(text) || text.hasPrefix("pass ") || text.hasPrefix("pass=") ? "…" : text)
    }

    /// Whether something in it looks like a token or a key: too long for a word, and no path.
    private static func hasLongWord(_ text: String) -> Bool {
        text.utf8.split { $0 == 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "/") }.contains {
            $0.count >= 32
        }
    }
}

extension Collection where Element == UInt8 {
    /// Whether these bytes are among them, one after the other.
    func holds(_ part: [UInt8]) -> Bool { offset(of: part) != nil }

    /// After how many elements these bytes begin.
    func offset(of part: [UInt8]) -> Int? {
        var rest = self[...]
        var offset = 0
        while !rest.isEmpty {
            if rest.starts(with: part) { return offset }
            rest = rest.dropFirst()
            offset += 1
        }
        return nil
    }
}
