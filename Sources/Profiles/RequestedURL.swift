import Platform

/// The URL that a tool wants a token for, in the form in which it is compared with what profiles list.
///
/// What will not parse is `nil` and matches nothing.
public struct RequestedURL: Sendable, Hashable {
    let url: HTTPURL
    /// The same for plain `http`, where the tool named no scheme and the host is this machine.
    let plain: HTTPURL?

    /// Reads a URL as a tool wrote it.
    public init?(_ text: String) {
        guard let url = try? HTTPURL(text) else { return nil }
        self.init(url)
    }

    /// Puts a URL together from the parts that a tool sent.
    ///
    /// - Parameters:
    ///   - scheme: without `://`.
    ///   - host: with a port or without; no userinfo.
    ///   - path: no longer percent-encoded, which is how git sends it; a leading `/` may be missing.
    public init?(scheme: String, host: String, path: String?) {
        guard let isSecure = HTTPURL.isSecure(scheme: scheme),
            let url = try? RequestedURL.url(isSecure: isSecure, host: host[...], path: path ?? "")
        else { return nil }
        self.init(url)
    }

    /// The place that a tool names without a scheme: `HOST`, `HOST:PORT` or `HOST/PATH`.
    ///
    /// It means `https`; where the host is this machine and no profile lists it with `https`, it means
    /// `http`.
    public static func host(_ text: String) -> RequestedURL? {
        guard text.parts(separatedBy: "://").count == 1 else { return nil }
        let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) ?? text.endIndex
        let (host, path) = (text[..<slash], Array(text[slash...].utf8))
        guard (try? checkCharacters(of: text)) != nil,
            !path.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }),
            let url = try? HTTPURL(isSecure: true, host: host, encodedPath: path)
        else { return nil }
        return RequestedURL(url, plain: try? HTTPURL(isSecure: false, host: host, encodedPath: path))
    }

    /// What a text without a scheme means where a profile is to list it: `https`, or `http` where the host is this
    /// machine.
    ///
    /// - Returns: `nil` where it is no such URL either.
    public static func meant(by text: String) -> String? {
        // What cannot be shown is not what somebody meant.
        guard text.parts(separatedBy: "://").count == 1, printable(text) == text,
            let pattern = try? URLPattern("https://" + text)
        else { return nil }
        return (HTTPURL.isLoopback(pattern.url.host) ? "http://" : "https://") + text
    }

    private init(_ url: HTTPURL, plain: HTTPURL? = nil) {
        self.url = url
        self.plain = plain
    }

    private static func checkCharacters(of text: String) throws(URLFault) {
        if text.utf8.count > HTTPURL.limit { throw .length }
        try HTTPURL.checkCharacters(text)
    }

    private static func url(isSecure: Bool, host: Substring, path: String) throws(URLFault) -> HTTPURL {
        try checkCharacters(of: String(host))
        if path.utf8.count > HTTPURL.limit { throw .length }
        var encoded: [UInt8] = [UInt8(ascii: "/")]
        for byte in path.utf8.drop(while: { $0 == UInt8(ascii: "/") }) {
            // A percent sign is one that was encoded; control characters never were meant.
            if byte < .space || byte == 0x7F { throw .character }
            encoded.append(contentsOf: byte == UInt8(ascii: "%") ? Array("%25".utf8) : [byte])
        }
        return try HTTPURL(isSecure: isSecure, host: host, encodedPath: encoded)
    }
}

extension RequestedURL: CustomStringConvertible {
    /// The URL as it was understood, for messages.
    public var description: String { url.description }

    /// Scheme, host and port, as a profile's `url` would list them.
    public var origin: String { url.origin }
}
