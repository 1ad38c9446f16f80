import Platform
import TestSupport

// The fault report: see README.md beside this file.

do {
    let given = Array(CommandLine.arguments.dropFirst())
    if given.contains("--help") {
        print(Arguments.help)
        exit(0)
    }
    let arguments = try Arguments(given)
    let report = try await Report(arguments)
    if let path = arguments.report { try Folder("/").write(absolute(path), report.text, mode: 0o644) }
    print(report.text)
    exit(report.hasFailures ? 1 : 0)
} catch {
    writeToStandardError("butlr-faults: \(error)\n")
    exit(2)
}

func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let current = getcwd(nil, 0) else { return path }
    defer { free(current) }
    return "\(String(cString: current))/\(path)"
}
