extension String {
    /// The parts between the places where `separator` stands, compared byte by byte; the whole where it stands nowhere.
    public func parts(separatedBy separator: String) -> [String] {
        if separator.isEmpty { return [self] }
        let (bytes, separator) = (Array(utf8), Array(separator.utf8))
        var parts: [String] = []
        var start = 0
        var position = 0
        while position + separator.count <= bytes.count {
            if bytes[position...].starts(with: separator) {
                parts.append(String(decoding: bytes[start..<position], as: UTF8.self))
                position += separator.count
                start = position
            } else {
                position += 1
            }
        }
        return parts + [String(decoding: bytes[start...], as: UTF8.self)]
    }
}

extension String {
    /// The text of these bytes; `nil` where they are not UTF-8.
    ///
    /// As the standard library's `init(validating:as:)`, at a fraction of its cost: that one's code is generic, and
    /// specialized for nobody's bytes.
    @inlinable public init?(validUTF8 bytes: some Collection<UInt8>) {
        self.init(decoding: bytes, as: UTF8.self)
        // What is not UTF-8 is replaced by other bytes.
        let isSame = bytes.withContiguousStorageIfAvailable { bytes in
            withUTF8 {
                $0.count == bytes.count
                    && (bytes.isEmpty || memcmp($0.baseAddress!, bytes.baseAddress!, bytes.count) == 0)
            }
        }
        guard isSame ?? utf8.elementsEqual(bytes) else { return nil }
    }
}

/// A text without white space at its ends.
@inlinable
public func trimmed(_ text: some StringProtocol) -> String {
    let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
    let bytes = Array(text.utf8)
    guard let first = bytes.firstIndex(where: { !isBlank($0) }),
        let last = bytes.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
}
