import Platform

/// Where the running helper is installed, as other tools' config should name it.
struct HelperLocation: Sendable {
    static let name = "butlr-credential"

    /// An absolute path: the entry on the `PATH` where that is this program, which outlives an upgrade that moves the
    /// file it leads to.
    let path: String
    /// The file that runs, without links.
    let resolved: String
    let isOnPath: Bool
    /// Another program of the same name, which comes first on the `PATH`.
    let rival: String?

    /// Whether it lies where a build puts it and the next one may take it away.
    var isInBuildFolder: Bool {
        [path, resolved].contains { $0.split(separator: "/").contains { $0.hasPrefix(".build") } }
    }

    /// - Parameter called: the name by which this process was called, as `argv[0]` has it.
    init(called: String, _ environment: Environment) {
        let search = environment["PATH"]
        let own = findProgram(called, path: search) ?? called
        let absolute = absolutePath(own)
        resolved = resolvedPath(absolute) ?? absolute
        let found = findProgram(HelperLocation.name, path: search).map(absolutePath)
        if let found, resolvedPath(found) == resolved {
            path = found
            isOnPath = true
            rival = nil
        } else {
            let folder = folder(of: absolute)
            let sibling = "\(folder)/\(HelperLocation.name)"
            path = resolvedPath(sibling) == resolved ? sibling : absolute
            isOnPath = false
            rival = found
        }
    }

    /// Whether a program is this helper, under whatever name.
    func isSame(_ program: String) -> Bool { resolvedPath(program) == resolved }
}

/// The path of a program: looked up as a shell does, or as it is where it has a slash.
///
/// - Parameter path: the value of `PATH`.
/// - Returns: `nil` where there is none that may be run.
func findProgram(_ name: String, path: String?) -> String? {
    if name.utf8.contains(UInt8(ascii: "/")) { return isProgram(name) ? name : nil }
    for folder in (path ?? "/usr/local/bin:/usr/bin:/bin").utf8.split(separator: UInt8(ascii: ":")) {
        let candidate = "\(Substring(folder))/\(name)"
        if isProgram(candidate) { return candidate }
    }
    return nil
}

private func isProgram(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.isRegularFile && access(path, X_OK) == 0
}
