import Platform

/// A URL that a profile lists: the tokens of the profile may be given to it and to what lies below it.
public struct URLPattern: Sendable, Hashable {
    let url: HTTPURL
    /// The path without a final slash.
    private let path: String

    /// How well a pattern fits a URL; the greater of two is the more specific.
    public struct Match: Comparable, Sendable {
        let isExactHost: Bool
        let labels: Int
        let pathLength: Int

        public static func < (left: Match, right: Match) -> Bool {
            if left.isExactHost != right.isExactHost { return right.isExactHost }
            return (left.labels, left.pathLength) < (right.labels, right.pathLength)
        }
    }

    /// Reads a pattern as it stands in the config: a URL, whose host may begin with `*.`.
    ///
    /// - Throws: `config`; the message begins with the pattern itself.
    public init(parsing text: String) throws(HelperError) {
        do throws(URLFault) {
            try self.init(text)
        } catch {
            throw HelperError(.config, error.complaint(about: text))
        }
    }

    init(_ text: String) throws(URLFault) {
        let parts = try HTTPURL.Parts(text)
        if parts.fragment != nil { throw .fragment }
        if parts.query != nil { throw .query }
        self.init(try HTTPURL(text, allowsWildcard: true))
    }

    init(_ url: HTTPURL) {
        self.url = url
        path = url.path.utf8.last == UInt8(ascii: "/") ? String(url.path.dropLast()) : url.path
    }

    /// How this pattern fits a URL, `nil` where it does not.
    ///
    /// A URL that a tool named without a scheme is taken for `https` here.
    public func matches(_ requested: RequestedURL) -> Match? { matches(requested.url) }

    func matches(_ requested: HTTPURL) -> Match? {
        guard requested.isSecure == url.isSecure, requested.port == url.port else { return nil }
        if url.isWildcard {
            guard requested.host.utf8.count > url.host.utf8.count + 1, requested.host.hasSuffix(url.host),
                requested.host.utf8.dropLast(url.host.utf8.count).last == UInt8(ascii: ".")
            else { return nil }
        } else if requested.host != url.host {
            return nil
        }
        guard path.isEmpty || requested.path == path || requested.path.hasPrefix(path + "/") else {
            return nil
        }
        return Match(
            isExactHost: !url.isWildcard, labels: url.host.utf8.count { $0 == UInt8(ascii: ".") } + 1,
            pathLength: path.utf8.count)
    }
}

extension URLPattern: CustomStringConvertible {
    /// The pattern as it was understood.
    public var description: String { url.description }

    /// Scheme, host and port.
    public var origin: String { url.origin }

    /// Host, and port where it is not the scheme's own; `nil` for a wildcard.
    public var authority: String? {
        url.isWildcard ? nil : String(url.origin.drop { $0 != "/" }.dropFirst(2))
    }

    /// Whether it lists a path, which git does not send unless `credential.useHttpPath` is set.
    public var hasPath: Bool { !path.isEmpty }
}

extension URLPattern {
    /// Whether a pattern surely does not fit, told from its text without reading it as a URL.
    ///
    /// With many profiles nearly all patterns are of the plain kind that this knows, and for other hosts.
    static func surelyMisses(_ text: UnsafeRawBufferPointer, host: UnsafeRawBufferPointer) -> Bool {
        var start: Int
        if text.starts(with: "https://") {
            start = 8
        } else if text.starts(with: "http://") {
            start = 7
        } else {
            return false
        }
        if text.count > start + 1, text[start] == UInt8(ascii: "*"), text[start + 1] == UInt8(ascii: ".") {
            // From the dot on, so that it is compared with the end of the host.
            start += 1
        }
        var end = start
        while end < text.count {
            let byte = text[end]
            if byte == UInt8(ascii: "/") || byte == UInt8(ascii: ":") { break }
            let isPlain =
                byte &- UInt8(ascii: "a") < 26 || byte.isDigit || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "-")
            guard isPlain else { return false }
            end += 1
        }
        // What looks like a port may be a password: "user:1@host".
        var next = end
        if next < text.count, text[next] == UInt8(ascii: ":") {
            next += 1
            while next < text.count, text[next].isDigit { next += 1 }
            guard next == text.count || text[next] == UInt8(ascii: "/") else { return false }
        }
        let length = end - start
        guard length > 0, text[end - 1] != UInt8(ascii: ".") else { return false }
        let isWildcard = text[start] == UInt8(ascii: ".")
        guard isWildcard ? host.count > length : host.count == length else { return true }
        return memcmp(host.baseAddress! + (host.count - length), text.baseAddress! + start, length) != 0
    }
}
