/// The folder that a path lies in, as it is written.
public func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
}

/// The last part of a path.
public func fileName(of path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.index(after: $0)...]) } ?? path
}

/// A path from the root.
public func absolutePath(_ path: String) -> String {
    if path.utf8.first == UInt8(ascii: "/") { return path }
    guard let folder = workingFolder() else { return path }
    var rest = path[...]
    while rest.hasPrefix("./") { rest = rest.dropFirst(2) }
    return folder + "/" + rest
}

/// A path from the root and without links; `nil` where there is nothing.
public func resolvedPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
}

/// The names in a folder; none where it cannot be read.
public func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// Makes a folder, and what leads to it, for this user alone where it is missing (XDG Base Directory 0.8).
public func makePrivateFolders(_ path: String) throws(SystemError) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    let above = folder(of: path)
    guard errno == ENOENT, above != path, above != "." else { throw SystemError() }
    try makePrivateFolders(above)
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw SystemError() }
}

/// A word as a shell reads it: as it is where nothing in it is special, otherwise in single quotes.
public func shellWord(_ word: String) -> String {
    let isPlain =
        !word.isEmpty
        && word.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || "-_./:,@%+=".utf8.contains(byte)
        }
    return isPlain ? word : singleQuoted(word)
}

/// A word as a shell reads it, in single quotes.
public func singleQuoted(_ word: String) -> String {
    // Byte by byte: a quote that a combining mark follows is a quote to the shell, but another character to Swift.
    "'" + word.parts(separatedBy: "'").joined(separator: "'\\''") + "'"
}
