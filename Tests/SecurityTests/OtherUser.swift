import Platform
import TestSupport
import Testing

/// Skips the rest of a test that needs root's rights.
func requireRoot(sourceLocation: SourceLocation = #_sourceLocation) throws {
    if geteuid() != 0 { try Test.cancel("needs root", sourceLocation: sourceLocation) }
}

/// Somebody who is not this user.
let stranger: uid_t = 65534

extension Helper {
    /// A program as a user who is not root, whom the system protects from others: this one, or where that is root the
    /// stranger, who then owns the home.
    func unprivileged(
        _ name: String, _ arguments: [String], environment: [String: String?] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Program {
        guard geteuid() == 0 else { return client(name, arguments, environment: environment) }
        try requireReachable(executable, sourceLocation: sourceLocation)
        for name in [""] + (try home.list()) {
            try #require(lchown(home.path(name), stranger, stranger) == 0, sourceLocation: sourceLocation)
        }
        let user = ["--reuid=\(stranger)", "--regid=\(stranger)", "--clear-groups", name]
        return client(try requireClient("setpriv"), user + arguments, environment: environment)
    }

    /// The helper as such a user.
    func unprivileged(_ arguments: String...) throws -> Program { try unprivileged(executable, arguments) }
}

/// Skips the rest of a test whose file another user's process must be able to run.
private func requireReachable(_ path: String, sourceLocation: SourceLocation) throws {
    var folder = path
    while let slash = folder.lastIndex(of: "/"), slash > folder.startIndex {
        var status = stat()
        guard stat(folder, &status) == 0, status.st_mode & 0o001 != 0 else {
            try Test.cancel("\(folder) is closed to other users", sourceLocation: sourceLocation)
        }
        folder = String(folder[..<slash])
    }
}
