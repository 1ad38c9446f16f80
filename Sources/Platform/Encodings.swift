/// The value of a hexadecimal digit in either case.
public func hexadecimalValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}

/// The lower-case hexadecimal digit for a value from 0 to 15.
@inlinable
public func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

/// Bytes as lower-case hexadecimal.
@inlinable
public func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
        text.append(hexadecimalDigit(byte >> 4))
        text.append(hexadecimalDigit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
}

/// Base64 with padding (RFC 4648 §4), for HTTP Basic.
public func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        var bits: UInt32 = 0
        for byte in group { bits = bits << 8 | UInt32(byte) }
        bits <<= UInt32(8 * (3 - group.count))
        for index in 0..<4 {
            text.append(
                index <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * index)) & 63] : UInt8(ascii: "="))
        }
    }
    return String(decoding: text, as: UTF8.self)
}

/// Base64url without padding (RFC 7515 §2), as JSON Web Tokens use it; `nil` when the text is not that.
public func decodeBase64URL(_ text: some Collection<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for character in text {
        let value: UInt8
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): value = 62
        case UInt8(ascii: "_"): value = 63
        default: return nil
        }
        bits = bits << 6 | UInt32(value)
        count += 6
        if count >= 8 {
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
    }
    // A last group of one character carries no byte.
    return count == 6 ? nil : bytes
}

/// A name as it may stand in a file's name: letters, digits, `-` and `_`, everything else percent-encoded.
///
/// Different names give different results, also for the empty name (`%`) and for those too long for a file
/// system (their beginning and their hash). At most 160 bytes, which leaves room for what a file's name adds.
public func fileNameEncoded(_ text: String) -> String {
    let encoded = percentEncoded(text) { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    if encoded.isEmpty { return "%" }
    if encoded.utf8.count <= 160 { return encoded }
    return "\(encoded.prefix(95)).\(hexadecimal(sha256(Array(text.utf8))))"
}

/// A name or value of `application/x-www-form-urlencoded` (RFC 6749 appendix B).
public func formEncoded(_ text: String) -> String {
    let encoded = percentEncoded(text) { byte in
        byte == UInt8(ascii: "*") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "_") || byte == UInt8(ascii: " ")
    }
    return String(
        decoding: encoded.utf8.map { $0 == UInt8(ascii: " ") ? UInt8(ascii: "+") : $0 }, as: UTF8.self)
}

private func percentEncoded(_ text: String, keeping isKept: (UInt8) -> Bool) -> String {
    var encoded: [UInt8] = []
    for byte in text.utf8 {
        let isAlphanumeric = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        if isAlphanumeric || isKept(byte) {
            encoded.append(byte)
        } else {
            encoded.append(UInt8(ascii: "%"))
            // RFC 3986 §2.1: producers use upper-case digits.
            for nibble in [byte >> 4, byte & 15] {
                let digit = hexadecimalDigit(nibble)
                encoded.append(nibble < 10 ? digit : digit - 32)
            }
        }
    }
    return String(decoding: encoded, as: UTF8.self)
}
