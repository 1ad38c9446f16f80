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
            throw HelperError(.usage, "--env \"\(quoted(name))\" is not a valid variable name")
        }
        var request = CredentialRequest()
        // The program that takes this one's place would have a child that it does not know.
        request.allowsRenewingAhead = false
        let selection = try call.broker.selection(for: request)
        let token = try selection.credential().token
        let environment = selection.childEnvironment
        let failure = replaceProcess(
            // The last of this process's own arguments, as the bytes that they were given as.
            CommandLine.unsafeArgv + (Int(CommandLine.argc) - command.count),
            environment.filter { !$0.isOf(name) } + [.init(name, token.reveal())],
            searching: environment.first { $0.isOf("PATH") })
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
/// - Parameters:
///   - argv: its name and arguments, with a null pointer behind them.
///   - path: the `PATH` on which a name without a slash is looked up.
/// - Returns: only on failure: the error number.
private func replaceProcess(
    _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, _ environment: [Environment.Entry],
    searching path: Environment.Entry?
) -> Int32 {
    let envp = environment.map { $0.duplicate() } + [nil]
    defer { for entry in envp { free(entry) } }
    func execute(_ path: UnsafeMutablePointer<CChar>) {
        execve(path, argv, envp)
        guard errno == ENOEXEC else { return }
        // A script without its #! line: the shell's, as for env and nohup (POSIX, execvp).
        var count = 1
        while argv[count] != nil { count += 1 }
        let shell = strdup("/bin/sh")
        defer { free(shell) }
        execve(
            "/bin/sh", [shell, path] + UnsafeBufferPointer(start: argv, count: count).dropFirst() + [nil],
            envp)
        errno = ENOEXEC
    }
    let program = argv[0]!
    if strchr(program, Int32(UInt8(ascii: "/"))) != nil {
        execute(program)
        return errno
    }
    var failure = ENOENT
    let folders = path?.value ?? Array("/usr/local/bin:/usr/bin:/bin".utf8CString.dropLast())
    for folder in folders.split(separator: CChar(UInt8(ascii: ":")), omittingEmptySubsequences: false) {
        var path = Array(folder.isEmpty ? [CChar(UInt8(ascii: "."))] : folder)
        path.append(CChar(UInt8(ascii: "/")))
        path += UnsafeBufferPointer(start: program, count: strlen(program) + 1)
        path.withUnsafeMutableBufferPointer { execute($0.baseAddress!) }
        // One that may not be run is what is reported, unless a later folder has one that may.
        if errno != ENOENT, errno != ENOTDIR { failure = errno }
    }
    return failure
}
