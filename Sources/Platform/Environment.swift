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

    /// All variables but those, as `NAME=value`, for a child process.
    public func entries(without names: Set<String>) -> [String] {
        entries.filter { entry in !names.contains { entry.utf8.starts(with: "\($0)=".utf8) } }
    }

    /// All variables as `NAME=value`, for a child process.
    public var entries: [String] {
        if let fixed { return fixed.map { "\($0)=\($1)" } }
        var entries: [String] = []
        var next = environ
        while let entry = next.pointee {
            entries.append(String(cString: entry))
            next += 1
        }
        return entries
    }
}
