import Broker
import Platform

/// `askpass`: answers the prompts of git and wget in place of a person (git 2.55 `prompt.c`, wget 1.21).
public enum Askpass: Command {
    public static let name = "askpass"
    public static let program: String? = "butlr-askpass"

    public static let manual = Manual(
        operands: "PROMPT", summary: "answer git's and wget's prompts for a user name and password")

    public static func answer(_ call: Call) throws(HelperError) -> Reply {
        guard call.arguments.count == 1 else {
            throw HelperError(.usage, "askpass takes the prompt as its one argument")
        }
        let prompt = call.arguments[0]
        // Username for 'https://git.example.com':
        let parts = prompt.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        // ssh asks the same program, for the passphrase of a key or whether a host is to be trusted.
        guard parts.count == 3, parts[0] == "Username for " || parts[0] == "Password for " else {
            throw notUnderstood(prompt)
        }
        let request = CredentialRequest(url: try requestedURL(String(parts[1])))
        if parts[0] == "Username for " {
            let profile = try call.broker.selection(for: request).profile
            return Reply(output: (profile.gitUsername ?? "oauth2") + "\n")
        }
        return Reply(output: try call.broker.credential(for: request).token.reveal() + "\n")
    }

    private static func notUnderstood(_ prompt: String) -> HelperError {
        HelperError(
            .badRequest,
            "the prompt \"\(quoted(prompt, limit: 80))\" is not one for a user name or password of a URL")
    }
}
