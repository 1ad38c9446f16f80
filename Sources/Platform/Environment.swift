/// The environment variables: the process's own, or a fixed set.
public struct Environment: Sendable {
    private let fixed: [String: String]?

    /// The variables of this process, read when they are asked for.
    public static let process = Environment(fixed: nil)

    public init(_ values: [String: String]) { fixed = values }
    private init(fixed: [String: String]?) { self.fixed = fixed }

    /// The variable's value, also when it is empty.
    public subscript(name: String) -> String? {
        if let fixed { return fixed[name] }
        return getenv(name).map { String(cString: $0) }
    }

    /// The variable's value; an empty one counts as unset.
    public func nonEmpty(_ name: String) -> String? {
        let value = self[name]
        return value?.isEmpty == true ? nil : value
    }

    /// A path that a variable names; empty or relative ones are ignored (XDG Base Directory 0.8).
    public func absolutePath(_ name: String) -> String? {
        let value = self[name]
        return value?.utf8.first == UInt8(ascii: "/") ? value : nil
    }

    /// All variables but those, for a child process.
    public func entries(without names: Set<String>) -> [Entry] {
        entries.filter { entry in !names.contains(where: entry.isOf) }
    }

    /// All variables, for a child process.
    public var entries: [Entry] {
        if let fixed { return fixed.map { Entry($0, $1) } }
        var entries: [Entry] = []
        var next = environ
        while let entry = next.pointee {
            entries.append(Entry(bytes: Array(UnsafeBufferPointer(start: entry, count: strlen(entry) + 1))))
            next += 1
        }
        return entries
    }

    /// A variable as a process is given it: bytes, which need not be UTF-8.
    public struct Entry: Sendable {
        /// `NAME=value` and a 0.
        let bytes: [CChar]

        fileprivate init(bytes: [CChar]) { self.bytes = bytes }
        public init(_ name: String, _ value: String) { bytes = Array("\(name)=\(value)".utf8CString) }

        /// Whether it is the variable of that name.
        public func isOf(_ name: String) -> Bool { bytes.starts(with: "\(name)=".utf8CString.dropLast()) }

        /// What stands behind the `=`.
        public var value: [CChar] {
            bytes.dropLast().split(
                separator: CChar(UInt8(ascii: "=")), maxSplits: 1, omittingEmptySubsequences: false
            )
            .dropFirst().first.map(Array.init) ?? []
        }

        /// Memory of its own for it, to be freed.
        public func duplicate() -> UnsafeMutablePointer<CChar>? { strdup(bytes) }
    }
}
