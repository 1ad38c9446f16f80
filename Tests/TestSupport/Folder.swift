/// A folder with the few things a test does with files. Paths are relative to it; absolute ones stand as they
/// are.
public protocol FolderContents: Sendable {
    /// The folder's absolute path.
    var path: String { get }
}

/// A folder that something else owns and removes.
public struct Folder: FolderContents {
    public let path: String
    public init(_ path: String) { self.path = path }
}

/// A folder of a test's own (mode 0700), with all its contents gone when its last reference is.
public final class TemporaryFolder: FolderContents {
    public let path: String

    /// Makes a folder under `TMPDIR`, or `/tmp`.
    public init() throws {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var name = Array("\(parent)/butlr-test-XXXXXX".utf8CString)
        guard mkdtemp(&name) != nil, let resolved = realpath(name, nil) else {
            throw SystemFailure("making a folder in \(parent)")
        }
        defer { free(resolved) }
        path = String(cString: resolved)
    }

    deinit { try? Folder(path).removeTree() }
}

extension FolderContents {
    /// The absolute path of something in this folder.
    public func path(_ name: String) -> String { name.hasPrefix("/") ? name : "\(path)/\(name)" }

    /// A folder in this one, there or not.
    public func folder(_ name: String) -> Folder { Folder(path(name)) }

    /// Makes a folder, and with mode 0700 those above it that are missing. One that is there stays as it is.
    public func makeFolder(_ name: String, mode: mode_t = 0o700) throws {
        let path = path(name)
        if exists(path) { return }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try makeFolder(String(path[..<slash]))
        }
        // Another task may have made it meanwhile.
        if mkdir(path, mode) != 0, errno != EEXIST { throw SystemFailure("mkdir \(path)") }
        try setMode(path, mode)
    }

    /// Writes a file with exactly these permissions, whatever the umask says, and the folders above it.
    public func write(_ name: String, _ contents: [UInt8], mode: mode_t = 0o600) throws {
        let path = path(name)
        if let slash = path.lastIndex(of: "/") { try makeFolder(String(path[..<slash])) }
        try spawning.withLock { _ in
            let file = Descriptor(
                owning: try checked("writing \(path)") {
                    open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
                })
            try checked("chmod \(path)") { fchmod(file.raw, mode) }
            var rest = contents[...]
            while !rest.isEmpty {
                let count = try checked("writing \(path)") {
                    rest.withUnsafeBytes { writeSome(file.raw, $0) }
                }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Writes a text file with exactly these permissions.
    public func write(_ name: String, _ contents: String, mode: mode_t = 0o600) throws {
        try write(name, Array(contents.utf8), mode: mode)
    }

    /// Writes a program: a script with its `#!` line.
    ///
    /// - Returns: its absolute path.
    @discardableResult
    public func writeScript(_ name: String, _ contents: String) throws -> String {
        try write(name, contents, mode: 0o755)
        return path(name)
    }

    /// A file's contents.
    public func readBytes(_ name: String) throws -> [UInt8] {
        let path = path(name)
        let file = Descriptor(
            owning: try checked("reading \(path)") { open(path, O_RDONLY | O_CLOEXEC, 0) })
        var contents: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = try checked("reading \(path)") { readSome(file.raw, into: &chunk) }
            if count == 0 { return contents }
            contents += chunk[..<count]
        }
    }

    /// A text file's contents; what is not UTF-8 becomes U+FFFD.
    public func read(_ name: String) throws -> String {
        String(decoding: try readBytes(name), as: UTF8.self)
    }

    /// Whether there is anything of that name, a dangling symbolic link too.
    public func exists(_ name: String) -> Bool {
        var status = stat()
        return lstat(path(name), &status) == 0
    }

    /// The permission bits of a file or folder (of a symbolic link's target).
    public func mode(_ name: String) throws -> mode_t {
        var status = stat()
        try checked("stat \(path(name))") { stat(path(name), &status) }
        return status.st_mode & 0o7777
    }

    public func setMode(_ name: String, _ mode: mode_t) throws {
        try checked("chmod \(path(name))") { chmod(path(name), mode) }
    }

    /// Makes a symbolic link at `name` to `target`.
    public func link(_ name: String, to target: String) throws {
        if let slash = path(name).lastIndex(of: "/") { try makeFolder(String(path(name)[..<slash])) }
        try checked("symlink \(path(name))") { symlink(target, path(name)) }
    }

    /// Removes a file, or a folder with all its contents; nothing there is fine.
    public func remove(_ name: String) throws { try Folder(path(name)).removeTree() }

    /// Everything below this folder as sorted relative paths, folders with a `/` at their end. Empty when the
    /// folder is not there.
    public func list() throws -> [String] {
        try entries().flatMap { entry in
            guard entry.isFolder else { return [entry.name] }
            return ["\(entry.name)/"] + (try folder(entry.name).list()).map { "\(entry.name)/\($0)" }
        }
    }

    /// The plain files below this folder as sorted relative paths.
    public func files() throws -> [String] { try list().filter { !$0.hasSuffix("/") } }

    private func entries() throws -> [(name: String, isFolder: Bool)] {
        guard let stream = opendir(path) else {
            if errno == ENOENT { return [] }
            throw SystemFailure("listing \(path)")
        }
        defer { closedir(stream) }
        var entries: [(name: String, isFolder: Bool)] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            var status = stat()
            // It may have gone since: other processes work here.
            guard lstat(path(name), &status) == 0 else { continue }
            entries.append((name, status.st_mode & S_IFMT == S_IFDIR))
        }
        return entries.sorted { $0.name < $1.name }
    }

    fileprivate func removeTree() throws {
        if unlink(path) == 0 || errno == ENOENT { return }
        // Tests take permissions away; and a process that was just killed may still have added a file.
        for _ in 0..<20 {
            _ = chmod(path, 0o700)
            for entry in (try? entries()) ?? [] { try? folder(entry.name).removeTree() }
            if rmdir(path) == 0 || errno == ENOENT { return }
            usleep(10_000)
        }
        throw SystemFailure("removing \(path)")
    }
}
