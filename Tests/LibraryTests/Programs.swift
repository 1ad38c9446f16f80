import TestSupport
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// The path of a file of the repository's `integrations` folder.
func integration(_ name: String, file: String = #filePath) -> String {
    let root = file.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    return root.joined(separator: "/") + "/integrations/" + name
}

/// The contents of such a file, with parts of it replaced; each must be there.
func integration(_ name: String, replacing parts: [(old: String, new: String)]) throws -> String {
    var text = try Folder("/").read(integration(name))
    for (old, new) in parts {
        let pieces = split(text, at: old)
        #expect(pieces.count > 1, "\(name) no longer holds \(old)")
        text = pieces.joined(separator: new)
    }
    return text
}

private func split(_ text: String, at separator: String) -> [String] {
    var pieces: [String] = []
    var rest = Substring(text)
    while let range = rest.firstRange(of: separator) {
        pieces.append(String(rest[..<range.lowerBound]))
        rest = rest[range.upperBound...]
    }
    return pieces + [String(rest)]
}

func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

/// A Python interpreter with these modules: `BUTLR_TEST_PYTHON`, else `python3`.
///
/// - Returns: its own path: what `PATH` has may be a wrapper that needs the user's home.
/// - Throws: what skips the test when a module is missing; ``Unusable`` when `BUTLR_TEST_PYTHON` lacks it.
func requirePython(
    _ modules: String..., named name: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> String {
    let python = name ?? variable("BUTLR_TEST_PYTHON") ?? "python3"
    let script = (["sys"] + modules).map { "import \($0)\n" }.joined() + "print(sys.executable)"
    let found = try? await Program(python, ["-c", script], environment: .inherited("PATH", "HOME")).run()
    if let found, found.status == 0, let path = found.output.split(separator: "\n").last {
        return String(path)
    }
    let lack = "\(python) is not there or lacks one of: \(modules.joined(separator: ", "))"
    if python == variable("BUTLR_TEST_PYTHON") { throw Unusable(description: lack) }
    try Test.cancel("\(lack)", sourceLocation: sourceLocation)
}

/// Go 1.24 or later: `BUTLR_TEST_GO`, else `go`.
///
/// - Throws: what skips the test when there is only an older one, or none; ``Unusable`` when `BUTLR_TEST_GO` is so.
func requireGo(sourceLocation: SourceLocation = #_sourceLocation) async throws -> String {
    let go = variable("BUTLR_TEST_GO") ?? "go"
    var environment: [String: String] = .inherited("PATH", "HOME")
    environment["GOTOOLCHAIN"] = "local"
    let version = try? await Program(go, ["env", "GOVERSION"], environment: environment).run().output
    // "go1.24.4"
    let numbers = (version ?? "").split { !$0.isNumber }.compactMap { Int($0) }
    if numbers.count > 1, (numbers[0], numbers[1]) >= (1, 24) { return go }
    let lack = "\(go) is not there or older than 1.24"
    if variable("BUTLR_TEST_GO") != nil { throw Unusable(description: lack) }
    try Test.cancel("\(lack)", sourceLocation: sourceLocation)
}

/// A variable names a program that will not do: who sets it wants the tests to run, not to be skipped.
struct Unusable: Error, CustomStringConvertible {
    let description: String
}

/// Go's settings for a run that reaches nothing and keeps nothing but what is in this folder. Compiling Go's own
/// library takes more than a minute: who sets `GOCACHE` keeps that.
func goEnvironment(_ folder: Folder) -> [String: String?] {
    [
        "GOPATH": folder.path("path"), "GOCACHE": variable("GOCACHE") ?? folder.path("cache"), "GOENV": "off",
        "GOFLAGS": "-mod=mod -modcacherw", "GOTOOLCHAIN": "local", "GOPROXY": "off", "GOSUMDB": "off",
        "GOTELEMETRY": "off", "GOTMPDIR": nil, "CGO_ENABLED": "0",
    ]
}
