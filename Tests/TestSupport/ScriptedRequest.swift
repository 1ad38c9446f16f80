extension ScriptedServer {
    /// A request as it came, read by HTTP/1.1's rules but judged by none.
    public struct Request: Sendable, CustomStringConvertible {
        public let method: String
        /// The request target as sent, with its query.
        public let target: String
        /// The header fields in their order.
        public let headers: [(name: String, value: String)]
        /// The body, with any chunked coding taken off.
        public let body: [UInt8]

        /// The target without its query.
        public var path: String { String(target.prefix { $0 != "?" }) }

        /// The body as text.
        public var text: String { String(decoding: body, as: UTF8.self) }

        /// The body as a form's names and values, decoded; of several values the last.
        public var form: [String: String] {
            var values: [String: String] = [:]
            for pair in text.split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                values[formDecoded(parts[0])] = parts.count > 1 ? formDecoded(parts[1]) : ""
            }
            return values
        }

        /// The first header field of that name, in whatever case.
        public func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        public var description: String {
            let fields = headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
            return "\(method) \(target)\n\(fields)\n\n\(text)"
        }
    }
}

private func formDecoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "+") {
            bytes.append(UInt8(ascii: " "))
        } else if byte == UInt8(ascii: "%"),
            let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
        {
            bytes.append(code)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
