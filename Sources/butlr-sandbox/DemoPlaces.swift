import Sandbox

/// Where programs are looked for.
func searchPath() -> String {
    guard let path = getenv("PATH").map({ String(cString: $0) }), !path.isEmpty else {
        return "/usr/bin:/bin"
    }
    return path
}

/// The path of an installed program.
func findProgram(_ name: String) -> String? {
    searchPath().split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
}

/// The path of a program in the folder of the running one; `nil` when there is none.
func programBesideThis(_ name: String) -> String? {
    #if canImport(Darwin)
        var length: UInt32 = 0
        _NSGetExecutablePath(nil, &length)
        var bytes = [CChar](repeating: 0, count: Int(length))
        _NSGetExecutablePath(&bytes, &length)
        guard let real = realpath(bytes, nil) else { return nil }
    #else
        guard let real = realpath("/proc/self/exe", nil) else { return nil }
    #endif
    defer { free(real) }
    let path = String(cString: real)
    guard let slash = path.lastIndex(of: "/") else { return nil }
    let program = path[...slash] + name
    return access(String(program), X_OK) == 0 ? String(program) : nil
}
