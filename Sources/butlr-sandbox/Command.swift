import Sandbox

/// Something the program can be told to do by the first word of its command line.
struct Command: Sendable {
    let name: String
    let summary: String
    /// Takes what follows the name; gives the exit status.
    let run: @Sendable ([String]) throws(UsageError) -> Int32
}

/// Runs the command that the arguments name.
///
/// - Returns: the exit status; 64 (`EX_USAGE` of `sysexits.h`) for a wrong command line.
func run(_ arguments: [String], _ commands: [Command]) -> Int32 {
    do throws(UsageError) {
        guard let name = arguments.first else {
            throw UsageError("say what to do: \(commands.map(\.name).joined(separator: ", "))")
        }
        if ["--help", "-h", "help"].contains(name) {
            printHelp(commands)
            return 0
        }
        guard let command = commands.first(where: { $0.name == name }) else {
            throw UsageError("unknown command \(name)")
        }
        return try command.run(Array(arguments.dropFirst()))
    } catch {
        complain("\(error) (see butlr-sandbox --help)")
        return 64
    }
}

private func printHelp(_ commands: [Command]) {
    print("An emulator of Butlr's login endpoints, for trying things out without an account.\n")
    print("usage: butlr-sandbox COMMAND [OPTION]...\n")
    let width = commands.map(\.name.count).max() ?? 0
    for command in commands {
        print(
            "  \(command.name)\(String(repeating: " ", count: width - command.name.count))  \(command.summary)"
        )
    }
    print("\nbutlr-sandbox COMMAND --help explains the options of a command.")
}

/// One line on standard error.
func complain(_ message: String) {
    let line = Array("butlr-sandbox: \(message)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
}
