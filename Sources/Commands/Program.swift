import Broker
import Callers
import Platform
import Profiles

/// The helper as a whole: finds out what is asked of it, and by whom.
public enum Program {
    public static let version = "0.1.0"

    /// What people type, in the order in which `help` lists it.
    static let people: [any Command.Type] = [
        Login.self, Logout.self, Status.self, Setup.self, Doctor.self, Completion.self,
    ]

    /// What tools call.
    static let tools: [any Command.Type] = [
        Get.self, Token.self, Exec.self, Git.self, Kubernetes.self, Docker.self, Cargo.self, Terraform.self,
        GoogleCloud.self, Pip.self, Go.self, Askpass.self,
    ]

    /// Every command.
    static var commands: [any Command.Type] { tools + people }

    /// The command with that name.
    static func command(named name: String) -> (any Command.Type)? {
        tools.first { $0.name == name } ?? people.first { $0.name == name }
    }

    /// The command that a program of that name is.
    static func command(ofProgram program: String) -> (any Command.Type)? {
        tools.first { $0.program == program }
    }

    /// Runs one call.
    ///
    /// - Parameter arguments: the program's name, then what follows it.
    public static func run(_ arguments: [String], _ environment: Environment) -> Reply {
        let invocation = Invocation(arguments, environment)
        if let command = invocation.command.flatMap({ command(named: $0) ?? ownCommand(named: $0) }) {
            let call = call(invocation, environment, command)
            return invocation.fault.map { command.refusal($0, call) } ?? command.reply(to: call)
        }
        if let fault = invocation.fault { return Reply(failure: fault) }
        switch invocation.command {
        case "help", nil: return help(invocation, TerminalSize.columns(STDOUT_FILENO, environment))
        case "version": return Reply(output: "butlr-credential \(version)\n")
        case let name?: return Reply(failure: unknown(name))
        }
    }

    /// A command with which the helper calls itself.
    private static func ownCommand(named name: String) -> (any Command.Type)? {
        name == Renew.name ? Renew.self : nil
    }

    private static func call(
        _ invocation: Invocation, _ environment: Environment, _ command: any Command.Type
    ) -> Call {
        var context = Context(
            environment: environment, clock: .system,
            log: Log(command.isSilent && isatty(STDERR_FILENO) == 0 ? .silent : invocation.logLevel),
            allowsInput: invocation.allowsInput)
        // Among what is logged, a line that comes and goes would be lost.
        context.showsWaiting =
            command.showsWaiting && context.log.level == .warnings
            && TerminalSize.canErase(STDERR_FILENO, environment)
        let broker = Broker(
            context, configFile: invocation.configFile, profileName: invocation.profile,
            userAgent: "butlr-credential/\(version)")
        let input = StandardInput(context.deadline(Profile.timeout(environment) ?? command.inputTimeout))
        return Call(
            arguments: invocation.arguments, version: version, context: context, broker: broker, input: input)
    }

    private static func help(_ invocation: Invocation, _ width: Int) -> Reply {
        let help = Help(width: width)
        guard let topic = invocation.arguments.first, !["help", "version"].contains(topic) else {
            let isAsked = invocation.command != nil
            return isAsked ? Reply(output: help.overview) : Reply(errors: help.overview, status: 64)
        }
        guard let command = command(named: topic) else { return Reply(failure: unknown(topic)) }
        return Reply(output: help.page(command))
    }

    private static func unknown(_ name: String) -> HelperError {
        let known = commands.map { $0.name } + ["help", "version"]
        return HelperError(
            .usage, "there is no command \"\(quoted(name))\"",
            hint: nearestWord(to: name, among: known).map { "did you mean \($0)?" }
                ?? "type: butlr-credential help")
    }
}
