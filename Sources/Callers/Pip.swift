import Broker
import Platform

/// `pip`: the `keyring` command, as pip and uv call it (keyring 25.7, pip 23.1 to 26.3, uv 0.13).
///
/// Status 1 in silence means that there is no password, 2 is any other failure.
public enum Pip: Command {
    public static let name = "pip"
    public static let program: String? = "keyring"

    public static let manual = Manual(
        operands: "get SERVICE [USERNAME]", summary: "answer pip and uv in place of the keyring command",
        options: [
            .init("--mode", "password|creds", "what to print (default: password)"),
            .init("--output", "plain|json", "how to print it (default: plain)"),
        ])

    public static func answer(_ call: Call) throws(HelperError) -> Reply {
        let options = try Options(call.arguments, of: Self.self)
        let operands = options.operands
        guard operands.first == "get", (2...3).contains(operands.count) else {
            throw HelperError(.usage, "pip has only one operation: \(manual.operands)")
        }
        let printsUsername = try isSet(options, "--mode", to: "creds", ratherThan: "password")
        let printsJSON = try isSet(options, "--output", to: "json", ratherThan: "plain")
        // A user name is given wherever a password alone is asked for.
        guard printsUsername || operands.count == 3 else {
            throw HelperError(.usage, "a password is asked for by SERVICE and USERNAME")
        }
        var request = CredentialRequest(url: try requestedHost(operands[1]))
        request.isForAnyServer = true
        let password = try call.broker.credential(for: request).token.reveal()
        let username = operands.count == 3 && !operands[2].isEmpty ? operands[2] : "oauth2accesstoken"
        switch (printsUsername, printsJSON) {
        case (false, false): return Reply(output: "\(password)\n")
        case (true, false): return Reply(output: "\(username)\n\(password)\n")
        // As keyring prints it, which separates with a space.
        case (false, true): return Reply(output: "{\"password\": \(JSON.string(password).serialized)}\n")
        case (true, true):
            let (name, word) = (JSON.string(username).serialized, JSON.string(password).serialized)
            return Reply(output: "{\"username\": \(name), \"password\": \(word)}\n")
        }
    }

    public static func refusal(_ error: HelperError, _ call: Call) -> Reply {
        error.code == .noProfile ? Reply(status: 1) : Reply(errors: error.text, status: 2)
    }

    private static func isSet(
        _ options: Options, _ name: String, to value: String, ratherThan other: String
    ) throws(HelperError) -> Bool {
        switch options[name] {
        case value: return true
        case nil, other: return false
        case let unknown?:
            throw HelperError(.usage, "\(name) is \(value) or \(other), not \"\(quoted(unknown))\"")
        }
    }
}
