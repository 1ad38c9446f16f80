import TestSupport

/// The files that users paste from, `integrations/TOOL/…`, with the places of a test put in.
enum Integration {
    /// A file's text.
    ///
    /// - Parameter changes: what to put in for what. Each must be there, or the test would not run what users do.
    static func text(_ path: String, _ changes: KeyValuePairs<String, String> = [:]) throws -> String {
        try changed(try folder.read(path), changes, in: path)
    }

    /// The commands in a page, one for each fenced block of `sh` or `bash`.
    static func commands(_ path: String, _ changes: KeyValuePairs<String, String> = [:]) throws -> [String] {
        var blocks: [String] = []
        var block: String?
        for line in try folder.read(path).split(separator: "\n", omittingEmptySubsequences: false) {
            if let text = block {
                if line == "```" { blocks.append(text) }
                block = line == "```" ? nil : text + line + "\n"
            } else if line == "```sh" || line == "```bash" {
                block = ""
            }
        }
        return try blocks.map { try changed($0, changes, in: path) }
    }

    private static var folder: Folder {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return Folder("/\(root)/integrations")
    }

    private static func changed(
        _ text: String, _ changes: KeyValuePairs<String, String>, in path: String
    ) throws -> String {
        var text = text
        for (old, new) in changes {
            let parts = pieces(of: text, between: old)
            guard parts.count > 1 else { throw Missing(text: old, path: path) }
            text = parts.joined(separator: new)
        }
        return text
    }

    private static func pieces(of text: String, between separator: String) -> [String] {
        var pieces: [String] = []
        var rest = text[...]
        while let range = rest.firstRange(of: separator) {
            pieces.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return pieces + [String(rest)]
    }

    struct Missing: Error, CustomStringConvertible {
        let text: String
        let path: String
        var description: String { "integrations/\(path) no longer holds \"\(text)\"" }
    }
}
