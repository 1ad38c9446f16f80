import Sandbox

/// The path of an installed program.
func findProgram(_ name: String) -> String? {
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
}

/// The path of a program in the folder of the running one; `nil` when there is none.
func programBesideThis(_ name: String) -> String? {
    guard let real = realpath(CommandLine.arguments[0], nil) else { return nil }
    defer { free(real) }
    let path = String(cString: real)
    guard let slash = path.lastIndex(of: "/") else { return nil }
    let program = String(path[...slash] + name)
    return access(program, X_OK) == 0 ? program : nil
}
