import Broker
import Platform

/// `gcloud`: an executable-sourced subject token for gcloud and Google's libraries (google-auth 2.24, `pluggable.py`).
///
/// Failures are answers too, with status 0; and the libraries read standard error as part of the answer.
public enum GoogleCloud: Command {
    public static let name = "gcloud"

    public static let manual = Manual(
        summary: "answer gcloud and Google's libraries as an executable credential source")

    public static let isSilent = true

    private static let idTokenTypes = ["jwt", "id_token"].map { "urn:ietf:params:oauth:token-type:" + $0 }

    public static func answer(_ call: Call) throws(HelperError) -> Reply {
        if let argument = call.arguments.first {
            throw HelperError(.usage, "gcloud takes no arguments, but got \"\(quoted(argument))\"")
        }
        let environment = call.context.environment
        var request = CredentialRequest()
        request.allowsInput = environment["GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE"] == "1"
        if isRevocation(environment) {
            try call.broker.selection(for: request).forget()
            // The library reads this file before it asks the helper again.
            if let path = outputFile(environment) { unlink(path) }
            return Reply(
                output: JSON.object([.init("version", 1), .init("success", true)]).serialized + "\n")
        }
        let type = environment.nonEmpty("GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE") ?? idTokenTypes[0]
        guard idTokenTypes.contains(type) else {
            throw HelperError(
                .config, "subject_token_type \"\(quoted(type))\" is not one that a profile can give")
        }
        let credential = try call.broker.credential(for: request)
        let answer: JSON = [
            "version": 1,
            "success": true,
            "token_type": .string(type),
            "id_token": .string(credential.token.reveal()),
            "expiration_time": .number(Double(credential.expires.seconds)),
        ]
        let text = answer.serialized + "\n"
        // The library asks again where there is no such file: that it cannot be written is no failure, unless it is
        // the only way that the answer takes.
        let isWritten = writeOutputFile(text, environment)
        guard readsOutputFile(environment) else { return Reply(output: text) }
        guard isWritten else { throw HelperError(.ioError, "the output_file cannot be written") }
        return Reply()
    }

    public static func refusal(_ error: HelperError, _ call: Call) -> Reply {
        let answer: JSON = [
            "version": 1,
            "success": false,
            "code": .string(error.code.rawValue),
            "message": .string([error.message, error.hint].compactMap(\.self).joined(separator: "; ")),
        ]
        let text = answer.serialized + "\n"
        let environment = call.context.environment
        guard readsOutputFile(environment), writeOutputFile(text, environment) else {
            return Reply(output: text)
        }
        return Reply()
    }

    /// Whether the answer is taken from the output file: in interactive mode the helper's standard output is the
    /// user's, except for a revocation.
    private static func readsOutputFile(_ environment: Environment) -> Bool {
        environment["GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE"] == "1" && outputFile(environment) != nil
            && !isRevocation(environment)
    }

    private static func isRevocation(_ environment: Environment) -> Bool {
        environment["GOOGLE_EXTERNAL_ACCOUNT_REVOKE"] == "1"
    }

    private static func outputFile(_ environment: Environment) -> String? {
        environment.nonEmpty("GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE")
    }

    private static func writeOutputFile(_ text: String, _ environment: Environment) -> Bool {
        guard let path = outputFile(environment) else { return false }
        do throws(SystemError) {
            try FileDraft(of: path).commit(Array(text.utf8))
            return true
        } catch {
            return false
        }
    }
}
