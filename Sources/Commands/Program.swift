import Broker
import Callers
import Platform

/// The helper as a whole: finds out what is asked of it, and by whom.
public enum Program {
    public static let version = "0.1.0"

    /// Every command, in the order in which `help` lists them.
    static let callers: [any Caller.Type] = [
        Get.self, Token.self, Exec.self, Git.self, Kubernetes.self, Docker.self, Cargo.self, Terraform.self,
        GoogleCloud.self, Pip.self, Go.self, Askpass.self,
        Setup.self, Doctor.self,
    ]

    /// Commands that the helper calls itself with.
    private static let internalCallers: [any Caller.Type] = [Renew.self]

    /// Runs one call.
    ///
    /// - Parameter arguments: the program's name, then what follows it.
    public static func run(_ arguments: [String], _ environment: Environment) -> Reply {
        let invocation: Invocation
        do throws(HelperError) {
            invocation = try Invocation(arguments, environment)
        } catch {
            return Reply(failure: error)
        }
        switch invocation.command {
        case "help", nil: return help(invocation)
        case "version": return Reply(output: "butlr-credential \(version)\n")
        case let name?:
            guard let caller = (callers + internalCallers).first(where: { $0.manual.command == name }) else {
                return Reply(failure: unknown(name))
            }
            return caller.reply(to: call(invocation, environment, caller))
        }
    }

    private static func call(
        _ invocation: Invocation, _ environment: Environment, _ caller: any Caller.Type
    ) -> Call {
        let context = Context(
            environment: environment, clock: .system,
            log: Log(caller.isSilent && isatty(STDERR_FILENO) == 0 ? .silent : invocation.logLevel),
            allowsInput: invocation.allowsInput)
        let broker = Broker(
            context, configFile: invocation.configFile, profileName: invocation.profile,
            userAgent: "butlr-credential/\(version)")
        let timeout = environment.nonEmpty("BUTLR_TIMEOUT").flatMap(parseDuration).map { $0 * 1000 }
        let input = StandardInput(context.deadline(timeout ?? Get.timeout))
        return Call(
            arguments: invocation.arguments, version: version, context: context, broker: broker, input: input)
    }

    private static func help(_ invocation: Invocation) -> Reply {
        guard let topic = invocation.arguments.first, !["help", "version"].contains(topic) else {
            let isAsked = invocation.command != nil
            return isAsked ? Reply(output: Help.overview) : Reply(errors: Help.overview, status: 64)
        }
        guard let caller = callers.first(where: { $0.manual.command == topic }) else {
            return Reply(failure: unknown(topic))
        }
        return Reply(output: Help.page(caller.manual))
    }

    private static func unknown(_ name: String) -> HelperError {
        let known = callers.map { $0.manual.command } + ["help", "version"]
        return HelperError(
            .usage, "there is no command \"\(quoted(name))\"",
            hint: nearestWord(to: name, among: known).map { "did you mean \($0)?" }
                ?? "type: butlr-credential help")
    }
}
