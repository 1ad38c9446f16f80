import Platform

/// A word as a shell reads it: as it is where nothing in it is special, otherwise in single quotes.
func shellQuoted(_ word: String) -> String {
    let isPlain =
        !word.isEmpty
        && word.utf8.allSatisfy { byte in
            byte.isKeyCharacter || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ",")
        }
    if isPlain { return word }
    let inner = word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
    return "'\(inner)'"
}

/// The folder that a path lies in, as it is written.
func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// A path, relative to `folder` where it is relative.
func path(_ path: String, in folder: String) -> String {
    path.utf8.first == UInt8(ascii: "/") || folder == "." ? path : "\(folder)/\(path)"
}
