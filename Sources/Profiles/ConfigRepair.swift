import Platform

/// Commands for a person to type that set a config file right.
public enum ConfigRepair {
    /// Puts one text in another's place on a line.
    ///
    /// - Returns: `nil` where `sed` would not take them as they are.
    static func replacing(_ old: String, with new: String, line: Int, in path: String) -> String? {
        let delimiter: Character = (old + new).contains("/") ? "|" : "/"
        func isPlain(_ text: String) -> Bool {
            !text.isEmpty && !text.contains("\\") && !text.contains(delimiter)
                && text.utf8.allSatisfy { (0x20...0x7E).contains($0) }
        }
        guard isPlain(old), isPlain(new), !new.contains("&") else { return nil }
        // What means something else in a basic regular expression (POSIX, "Regular Expressions").
        let pattern = old.unicodeScalars.map { ".[]*^$".unicodeScalars.contains($0) ? "\\\($0)" : "\($0)" }
            .joined()
        let script = [("\(line)s"), pattern, new, ""].joined(separator: String(delimiter))
        // A link would become a file.
        return "sed -i.bak \(inQuotes(script)) \(shellWord(resolvedPath(path) ?? absolutePath(path)))"
    }

    /// Opens a file at a line.
    static func editing(line: Int, in path: String) -> String {
        "${EDITOR:-vi} +\(line) \(shellWord(absolutePath(path)))"
    }

    /// Gives a profile's key a value, or takes it out.
    public static func setting(_ key: String, of profile: String, in path: String, to value: String?)
        -> String
    {
        let name = shellWord("profile.\(profile).\(key)")
        let edit = value.map { "--replace-all \(name) \(shellWord($0))" } ?? "--unset-all \(name)"
        return "git config --file \(shellWord(absolutePath(path))) \(edit)"
    }

    private static func inQuotes(_ script: String) -> String {
        let word = shellWord(script)
        return word == script ? "'\(script)'" : word
    }
}
