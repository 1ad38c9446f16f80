import Broker
import Platform

/// `exec`: runs a program with a token in its environment, and in nobody else's.
public enum Exec: Command {
    public static let name = "exec"

    public static let manual = Manual(
        operands: "-- COMMAND [ARGUMENT]...",
        summary: "run a command with the token in its environment",
        options: [.init("--env", "NAME", "the variable that holds it (default: BUTLR_ACCESS_TOKEN)")])

    public static let showsWaiting = true

    public static func answer(_ call: Call) throws(HelperError) -> Reply {
        let separator = call.arguments.firstIndex(of: "--") ?? call.arguments.endIndex
        let options = try Options(Array(call.arguments[..<separator]), of: Self.self)
        let command = Array(call.arguments[separator...].dropFirst())
        guard let program = command.first, options.operands.isEmpty else {
            throw HelperError(
                .usage, "exec needs a command behind --",
                hint: "for example: butlr-credential exec -- make release")
        }
        let name = options["--env"] ?? "BUTLR_ACCESS_TOKEN"
        guard isVariableName(name) else {
            throw HelperError(.usage, "--env \"\(quoted(name))\" is no name of a variable")
        }
        var request = CredentialRequest()
        // The program that takes this one's place would have a child that it does not know.
        request.allowsRenewingAhead = false
        let selection = try call.broker.selection(for: request)
        let token = try selection.credential().token
        let environment = selection.childEnvironment.filter { !$0.utf8.starts(with: "\(name)=".utf8) }
        let failure = replaceProcess(
            program, command, environment + ["\(name)=\(token.reveal())"],
            searching: call.context.environment["PATH"])
        let reason = "butlr-credential: \(quoted(program)) cannot be run: \(SystemError(failure))\n"
        return Reply(errors: reason, status: failure == ENOENT || failure == ENOTDIR ? 127 : 126)
    }

    private static func isVariableName(_ name: String) -> Bool {
        !name.isEmpty && !(48...57).contains(name.utf8.first!)
            && name.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || $0 == UInt8(ascii: "_")
            }
    }
}

/// Becomes another program, so that its status and the signals that it gets are its own.
///
/// - Returns: only on failure: the error number.
private func replaceProcess(
    _ program: String, _ arguments: [String], _ environment: [String], searching path: String?
) -> Int32 {
    var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for text in argv + envp { free(text) } }
    // The helper's own choice is not the program's.
    signal(SIGPIPE, SIG_DFL)
    func execute(_ path: String) {
        execve(path, &argv, &envp)
        guard errno == ENOEXEC else { return }
        // A script without its #! line: the shell's, as for env and nohup (POSIX, execvp).
        var shell: [UnsafeMutablePointer<CChar>?] = [strdup("/bin/sh"), strdup(path)] + argv.dropFirst()
        execve("/bin/sh", &shell, &envp)
        for text in shell.prefix(2) { free(text) }
        errno = ENOEXEC
    }
    if program.utf8.contains(UInt8(ascii: "/")) {
        execute(program)
        return errno
    }
    var failure = ENOENT
    let folders = (path ?? "/usr/local/bin:/usr/bin:/bin").split(
        separator: ":", omittingEmptySubsequences: false)
    for folder in folders {
        execute("\(folder.isEmpty ? "." : folder)/\(program)")
        // One that may not be run is what is reported, unless a later folder has one that may.
        if errno != ENOENT, errno != ENOTDIR { failure = errno }
    }
    return failure
}
