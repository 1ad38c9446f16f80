import Callers
import Platform

/// A command line, taken apart: the command, and the options that every command has.
struct Invocation {
    /// `nil` when none was given.
    private(set) var command: String?
    private(set) var arguments: [String] = []
    private(set) var profile: String?
    private(set) var configFile: String?
    private(set) var logLevel: Log.Level
    private(set) var allowsInput: Bool
    /// What is wrong with it, which is the command's to say: a tool understands its own way alone.
    private(set) var fault: HelperError?

    init(_ argv: [String], _ environment: Environment) {
        profile = environment.nonEmpty("BUTLR_PROFILE")
        configFile = environment.nonEmpty("BUTLR_CONFIG")
        switch environment["BUTLR_LOG"] {
        case "debug": logLevel = .debug
        case "trace": logLevel = .trace
        default: logLevel = .warnings
        }
        allowsInput = environment.nonEmpty("BUTLR_NO_INPUT") == nil

        let path = argv.first ?? ""
        let program = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[$0...].dropFirst() } ?? path[...]
        command = Program.command(ofProgram: String(program))?.name
        // cargo calls a provider of any name like this.
        if argv.dropFirst().elementsEqual([Cargo.pluginOption]) { command = Cargo.name }
        var rest = argv.dropFirst()
        while let argument = rest.popFirst() {
            switch argument {
            case "--profile": profile = value(of: argument, &rest)
            case "--config": configFile = value(of: argument, &rest)
            case "--verbose": logLevel = max(logLevel, .debug)
            case "--no-input": allowsInput = false
            case "--":
                // What follows is another program's command line.
                arguments.append(argument)
                arguments.append(contentsOf: rest)
                return
            case "--help", "-h":
                arguments = command.map { [$0] } ?? []
                command = "help"
                return
            case "--version" where command == nil: command = "version"
            default:
                if argument.hasPrefix("--profile=") {
                    profile = String(argument.dropFirst("--profile=".count))
                } else if argument.hasPrefix("--config=") {
                    configFile = String(argument.dropFirst("--config=".count))
                } else if command == nil, argument.hasPrefix("-") {
                    fault =
                        fault
                        ?? HelperError(
                            .usage, "there is no option \(quoted(argument))",
                            hint: nearestWord(to: argument, among: Manual.commonOptions.map(\.name))
                                .map { "did you mean \($0)?" } ?? "type: butlr-credential help")
                } else if command == nil {
                    command = argument
                } else {
                    arguments.append(argument)
                }
            }
        }
    }

    private mutating func value(of option: String, _ rest: inout ArraySlice<String>) -> String? {
        if let value = rest.popFirst() { return value }
        fault = fault ?? HelperError(.usage, "\(option) needs a value")
        return nil
    }
}
