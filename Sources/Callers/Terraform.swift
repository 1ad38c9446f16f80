import Broker
import Platform

/// `terraform`: a credentials helper of Terraform and OpenTofu (terraform-svchost, `auth/helper_program.go`).
public enum Terraform: Command {
    public static let name = "terraform"
    public static let program: String? = "terraform-credentials-butlr"

    public static let manual = Manual(
        operands: "get|store|forget HOST", summary: "answer Terraform and OpenTofu as a credentials helper")

    public static func answer(_ call: Call) throws(HelperError) -> Reply {
        guard call.arguments.count == 2 else {
            throw HelperError(.usage, "terraform needs an operation and a host: \(manual.operands)")
        }
        let (operation, host) = (call.arguments[0], call.arguments[1])
        switch operation {
        case "get":
            guard let selection = try selection(host, call) else { return Reply(output: "{}\n") }
            let answer: JSON = ["token": .string(try selection.credential().token.reveal())]
            return Reply(output: answer.serialized + "\n")
        case "store":
            // Terraform takes success for a promise to give back all that it stored.
            throw HelperError(.usage, "tokens come from the provider and cannot be stored")
        case "forget":
            try selection(host, call)?.forget()
            return Reply()
        default:
            throw HelperError(
                .usage, "terraform has no operation \"\(quoted(operation))\": \(manual.operands)")
        }
    }

    /// - Returns: `nil` when no profile serves the host.
    private static func selection(_ host: String, _ call: Call) throws(HelperError) -> Selection? {
        do throws(HelperError) {
            var request = CredentialRequest(url: try requestedHost(host))
            request.isForAnyServer = true
            return try call.broker.selection(for: request)
        } catch {
            if error.code == .noProfile { return nil }
            throw error
        }
    }
}
