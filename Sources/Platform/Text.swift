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
