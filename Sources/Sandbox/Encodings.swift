#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Base64 in the alphabet for URLs, without padding (RFC 4648 §5).
func base64URL(_ bytes: [UInt8]) -> String {
    String(
        Data(bytes).base64EncodedString().compactMap { character -> Character? in
            switch character {
            case "+": "-"
            case "/": "_"
            case "=": nil
            default: character
            }
        })
}

/// Text in Base64 (RFC 4648 §4); `nil` when it is no Base64, or no UTF-8 inside.
func base64DecodedText(_ text: String) -> String? {
    Data(base64Encoded: text).flatMap { String(validating: $0, as: UTF8.self) }
}

/// Unguessable text that is safe in a URL.
func randomText(bytes count: Int) -> String {
    base64URL((0..<count).map { _ in UInt8.random(in: .min ... .max) })
}

/// Decodes one name or value of `application/x-www-form-urlencoded`; `nil` when an escape is malformed, or
/// the result is no UTF-8.
func formDecoded(_ text: some StringProtocol) -> String? {
    var decoded: [UInt8] = []
    var bytes = text.utf8.makeIterator()
    while let byte = bytes.next() {
        switch byte {
        case UInt8(ascii: "+"): decoded.append(UInt8(ascii: " "))
        case UInt8(ascii: "%"):
            guard let high = bytes.next().flatMap(hexDigit), let low = bytes.next().flatMap(hexDigit) else {
                return nil
            }
            decoded.append(high << 4 | low)
        default: decoded.append(byte)
        }
    }
    return String(validating: decoded, as: UTF8.self)
}

private func hexDigit(_ byte: UInt8) -> UInt8? {
    Character(UnicodeScalar(byte)).hexDigitValue.map(UInt8.init)
}

/// The pairs of an `application/x-www-form-urlencoded` content; `nil` when it is malformed.
func formPairs(_ text: String) -> [(name: String, value: String)]? {
    var pairs: [(name: String, value: String)] = []
    for field in text.split(separator: "&") {
        let name = field.prefix { $0 != "=" }
        guard let decodedName = formDecoded(name),
            let value = formDecoded(field.dropFirst(name.count + 1))
        else { return nil }
        pairs.append((name: decodedName, value: value))
    }
    return pairs
}
