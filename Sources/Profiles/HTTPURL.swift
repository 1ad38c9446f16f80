import Platform

/// An `http` or `https` URL in the one form in which two of them can be compared (RFC 3986 §6.2.2 and
/// §6.2.3).
///
/// The text may come from anybody, and what is decided by it is who gets a token: whatever two programs might
/// read in two ways is refused.
struct HTTPURL: Hashable, Sendable {
    /// Whether the scheme is `https`.
    var isSecure: Bool
    /// Lower case, Punycode, without a final dot; an IPv6 address in brackets.
    var host: String
    /// Whether any name below `host` is meant; only in patterns.
    var isWildcard = false
    var port: UInt16
    /// At least `/`; without dot segments, and percent-encoded only where that makes a difference.
    var path: String

    /// The longest text that is looked at, in bytes.
    static var limit: Int { 8192 }
}

/// Why a URL is refused, as the end of a sentence that names it.
enum URLFault: Error {
    case length, character, scheme, insecure, userinfo, host, wildcard, address, port, path, fragment, query

    var text: String {
        switch self {
        case .length: "is too long"
        case .character: "holds a blank, a control character or a backslash"
        case .scheme: "does not begin with https://"
        case .insecure: "is plain http, which is allowed for this machine (loopback) alone"
        case .userinfo: "may not hold a user name or password"
        case .host: "has no valid host name"
        case .wildcard: "has a * elsewhere than in a leading \"*.\" before a host name"
        case .address: "has no valid IP address"
        case .port: "has no valid port"
        case .path: "has no valid path"
        case .fragment: "may not have a fragment (#)"
        case .query: "may not have a query (?)"
        }
    }

    /// The complaint about a text, with what was probably meant.
    func complaint(about text: String) -> String {
        "\"\(quoted(text))\" \(self.text)" + suggestion(suggestedURL(for: text))
    }

    /// The text with the scheme that it lacks; `nil` where that is not all that is wrong with it.
    func suggestedURL(for text: String) -> String? {
        if case .scheme = self { RequestedURL.meant(by: text) } else { nil }
    }
}

extension HTTPURL: CustomStringConvertible {
    /// The URL, its port only where it is not the scheme's own.
    var description: String { origin + path }

    /// Scheme, host and port.
    var origin: String {
        let port = port == HTTPURL.defaultPort(isSecure) ? "" : ":\(port)"
        return "\(isSecure ? "https" : "http")://\(isWildcard ? "*." : "")\(host)\(port)"
    }

    static func defaultPort(_ isSecure: Bool) -> UInt16 { isSecure ? 443 : 80 }

    /// Whether a scheme means `https` (`true`) or `http` (`false`); `nil` for any other.
    ///
    /// `sparse+` is Cargo's, `git+` pip's; `grpcs` is what Bazel asks with.
    static func isSecure(scheme: String) -> Bool? {
        switch scheme.lowercased() {
        case "https", "grpcs", "sparse+https", "git+https": true
        case "http", "grpc", "sparse+http", "git+http": false
        default: nil
        }
    }
}

// MARK: - The parts of a URL

extension HTTPURL {
    /// A URL's text, cut into its parts and not looked into.
    struct Parts {
        var scheme: String
        var userinfo: Substring?
        /// Host and port.
        var host: Substring
        var path: Substring
        var query: Substring?
        var fragment: Substring?

        init(_ text: String) throws(URLFault) {
            guard text.utf8.count <= HTTPURL.limit else { throw .length }
            try HTTPURL.checkCharacters(text)
            let bytes = text.utf8
            guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
                bytes[colon...].starts(with: "://".utf8)
            else { throw .scheme }
            scheme = String(text[..<colon])
            let start = bytes.index(colon, offsetBy: 3)
            let end =
                bytes[start...].firstIndex {
                    $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#")
                } ?? bytes.endIndex
            host = text[start..<end]
            if let at = host.utf8.lastIndex(of: UInt8(ascii: "@")) {
                userinfo = host[..<at]
                host = host[bytes.index(after: at)...]
            }
            var rest = text[end...]
            if let hash = rest.utf8.firstIndex(of: UInt8(ascii: "#")) {
                fragment = rest[bytes.index(after: hash)...]
                rest = rest[..<hash]
            }
            if let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) {
                query = rest[bytes.index(after: mark)...]
                rest = rest[..<mark]
            }
            path = rest
        }
    }

    /// Reads a URL whose query, fragment and userinfo do not matter.
    init(_ text: String, allowsWildcard: Bool = false) throws(URLFault) {
        let parts = try Parts(text)
        guard let isSecure = HTTPURL.isSecure(scheme: parts.scheme) else { throw .scheme }
        if let userinfo = parts.userinfo { try HTTPURL.check(userinfo: userinfo) }
        try self.init(
            isSecure: isSecure, host: parts.host, encodedPath: Array(parts.path.utf8),
            allowsWildcard: allowsWildcard)
    }

    /// - Parameter host: a host, with a port or without.
    init(
        isSecure: Bool, host: Substring, encodedPath: [UInt8], allowsWildcard: Bool = false
    ) throws(URLFault) {
        self.isSecure = isSecure
        let (name, port) = try HTTPURL.split(host)
        self.port = try HTTPURL.port(port ?? "") ?? HTTPURL.defaultPort(isSecure)
        var host = name
        if allowsWildcard, name.hasPrefix("*.") {
            isWildcard = true
            host = name.dropFirst(2)
        }
        if host.utf8.contains(UInt8(ascii: "*")) { throw .wildcard }
        self.host = try HTTPURL.normalized(host: host)
        if isWildcard, HTTPURL.isAddress(self.host) { throw .wildcard }
        guard isSecure || HTTPURL.isLoopback(self.host) else { throw .insecure }
        path = try HTTPURL.normalized(path: encodedPath)
    }
}

// MARK: - Their rules

extension HTTPURL {
    /// Refuses what has no place in a URL and what browsers and libraries drop, trim or turn into a slash.
    static func checkCharacters(_ text: String) throws(URLFault) {
        for byte in text.utf8 where byte <= .space || byte == 0x7F || byte == UInt8(ascii: "\\") {
            throw .character
        }
    }

    /// RFC 3986 §3.2.1: what may stand before the `@`, which is then ignored.
    static func check(userinfo: Substring) throws(URLFault) {
        for byte in userinfo.utf8 {
            guard byte.isPathCharacter || byte == UInt8(ascii: "%"), byte != UInt8(ascii: "@") else {
                throw .userinfo
            }
        }
    }

    private static func split(_ host: Substring) throws(URLFault) -> (host: Substring, port: Substring?) {
        let bytes = host.utf8
        let colon: Substring.Index?
        if bytes.first == UInt8(ascii: "[") {
            guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")) else { throw .address }
            let next = bytes.index(after: bracket)
            if next != bytes.endIndex, bytes[next] != UInt8(ascii: ":") { throw .address }
            colon = next == bytes.endIndex ? nil : next
        } else {
            colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        }
        guard let colon else { return (host, nil) }
        return (host[..<colon], host[bytes.index(after: colon)...])
    }

    /// RFC 3986 §3.2.3: digits; none at all means the default.
    private static func port(_ text: Substring) throws(URLFault) -> UInt16? {
        if text.isEmpty { return nil }
        guard text.utf8.count <= 5, text.utf8.allSatisfy(\.isDigit), let port = UInt16(text), port > 0 else {
            throw .port
        }
        return port
    }

    private static func normalized(host: Substring) throws(URLFault) -> String {
        if host.utf8.first == UInt8(ascii: "[") {
            return try address(host.utf8.dropFirst().dropLast())
        }
        let lowered =
            host.utf8.allSatisfy { $0 < 0x80 }
            ? String(decoding: host.utf8.map(\.lowered), as: UTF8.self) : try ascii(host)
        let name = lowered.utf8.last == UInt8(ascii: ".") ? lowered.dropLast() : lowered[...]
        guard !name.isEmpty, name.utf8.count <= 253 else { throw .host }
        var length = 0
        for byte in name.utf8 {
            if byte == UInt8(ascii: ".") {
                guard (1...63).contains(length) else { throw .host }
                length = 0
            } else {
                guard byte.isKeyCharacter || byte == UInt8(ascii: "_") else { throw .host }
                length += 1
            }
        }
        guard (1...63).contains(length) else { throw .host }
        // What ends in a number is an address to browsers (WHATWG URL §3.5), in several notations; one is
        // enough.
        if isNumber(name.utf8.suffix(length)) {
            let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            guard labels.count == 4, labels.allSatisfy({ isOctet($0) }) else { throw .address }
        }
        return String(name)
    }

    private static func isNumber(_ label: Substring.UTF8View) -> Bool {
        let isHexadecimal = label.starts(with: "0x".utf8)
        return isHexadecimal
            ? label.dropFirst(2).allSatisfy { hexadecimalValue($0) != nil } : label.allSatisfy(\.isDigit)
    }

    private static func isOctet(_ label: Substring.UTF8View) -> Bool {
        guard label.count <= 3, label.allSatisfy(\.isDigit), let value = Int(String(label)!) else {
            return false
        }
        return value <= 255 && (label.count == 1 || label.first != UInt8(ascii: "0"))
    }

    private static func address(_ text: Substring.UTF8View) throws(URLFault) -> String {
        guard text.allSatisfy({ $0 < 0x80 }) else { throw .address }
        var address = in6_addr()
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_pton(AF_INET6, String(Substring(text)), &address) == 1,
            inet_ntop(AF_INET6, &address, &buffer, socklen_t(buffer.count)) != nil
        else { throw .address }
        return "[" + String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self) + "]"
    }

    /// A host with other than ASCII letters, as the DNS knows it.
    private static func ascii(_ host: Substring) throws(URLFault) -> String {
        let scalars = host.lowercased().unicodeScalars
        var labels: [String] = []
        for label in scalars.split(separator: ".", omittingEmptySubsequences: false) {
            if label.allSatisfy(\.isASCII) {
                labels.append(String(label))
                continue
            }
            // Other categories have characters that some libraries turn into a dot, a slash or the like, and
            // a mark at the beginning belongs to no letter (RFC 5891 §4.2.3.2).
            for (index, scalar) in label.enumerated() where !scalar.isASCII {
                switch scalar.properties.generalCategory {
                case .lowercaseLetter, .uppercaseLetter, .titlecaseLetter, .otherLetter, .modifierLetter,
                    .decimalNumber:
                    break
                case .nonspacingMark, .spacingMark: if index == 0 { throw .host }
                default: throw .host
                }
            }
            guard label.count <= 63, let encoded = punycode(label) else { throw .host }
            labels.append("xn--" + encoded)
        }
        return labels.joined(separator: ".")
    }

    /// Whether a normalised host is an IP address.
    static func isAddress(_ host: String) -> Bool {
        host.utf8.first == UInt8(ascii: "[")
            || host.utf8.last.map(\.isDigit) == true
                && host.utf8.allSatisfy {
                    $0.isDigit || $0 == UInt8(ascii: ".")
                }
    }

    /// Whether a normalised host is this machine: `127.0.0.0/8`, `[::1]`, `localhost` and names below it.
    static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]"
            || host.hasPrefix("127.") && isAddress(host)
    }

    /// RFC 3986 §6.2.2: percent-encoding only where it is needed, upper-case digits, no dot segments.
    static func normalized(path: [UInt8]) throws(URLFault) -> String {
        if path.isEmpty || path == [UInt8(ascii: "/")] { return "/" }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(path.count)
        var index = 0
        while index < path.count {
            var byte = path[index]
            index += 1
            var isEncoded = false
            if byte == UInt8(ascii: "%") {
                guard index + 1 < path.count, let high = hexadecimalValue(path[index]),
                    let low = hexadecimalValue(path[index + 1])
                else { throw .path }
                byte = high << 4 | low
                index += 2
                isEncoded = true
            }
            if byte < .space || byte == 0x7F { throw .path }
            if isEncoded ? byte.isUnreserved : byte.isPathCharacter || byte == UInt8(ascii: "/") {
                decoded.append(byte)
            } else {
                decoded.append(UInt8(ascii: "%"))
                decoded.append(contentsOf: [byte >> 4, byte & 15].map { hexadecimalDigit($0).uppered })
            }
        }
        return String(decoding: try withoutDotSegments(decoded), as: UTF8.self)
    }

    /// RFC 3986 §5.2.4.
    private static func withoutDotSegments(_ path: [UInt8]) throws(URLFault) -> [UInt8] {
        guard path.contains(UInt8(ascii: ".")) else { return path }
        var kept: [ArraySlice<UInt8>] = []
        let segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch Array(segment) {
            case [UInt8(ascii: ".")]: if isLast { kept.append([]) }
            case [UInt8(ascii: "."), UInt8(ascii: ".")]:
                _ = kept.popLast()
                if isLast { kept.append([]) }
            default:
                if hidesDots(segment) { throw .path }
                kept.append(segment)
            }
        }
        return kept.flatMap { [UInt8(ascii: "/")] + $0 }
    }

    /// Whether some servers see a dot segment here although there is none: behind an encoded slash or
    /// backslash, or before a `;`.
    private static func hidesDots(_ segment: ArraySlice<UInt8>) -> Bool {
        var piece: [UInt8] = []
        func isDots() -> Bool {
            let name = piece.prefix { $0 != UInt8(ascii: ";") }
            return (1...2).contains(name.count) && name.allSatisfy { $0 == UInt8(ascii: ".") }
        }
        var index = segment.startIndex
        while index < segment.endIndex {
            let code = segment[index...].prefix(3)
            if code.elementsEqual("%2F".utf8) || code.elementsEqual("%5C".utf8) {
                if isDots() { return true }
                piece = []
                index += 3
            } else {
                piece.append(segment[index])
                index += 1
            }
        }
        return isDots()
    }
}

extension UInt8 {
    fileprivate var uppered: UInt8 { self &- UInt8(ascii: "a") < 26 ? self & ~0x20 : self }

    /// RFC 3986 §2.3.
    fileprivate var isUnreserved: Bool {
        isKeyCharacter || self == UInt8(ascii: ".") || self == UInt8(ascii: "_") || self == UInt8(ascii: "~")
    }

    /// RFC 3986 §3.3 `pchar`, the percent sign aside.
    fileprivate var isPathCharacter: Bool {
        if isUnreserved { return true }
        switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"),
            UInt8(ascii: "="), UInt8(ascii: ":"), UInt8(ascii: "@"):
            return true
        default: return false
        }
    }
}
