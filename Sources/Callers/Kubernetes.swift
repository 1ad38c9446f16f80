import Broker
import Platform

/// `kubernetes`: an exec credential plugin of client-go (client.authentication.k8s.io v1 and v1beta1, as read in
/// client-go 0.32).
public enum Kubernetes: Command {
    public static let name = "kubernetes"

    public static let manual = Manual(
        summary: "answer kubectl as an exec credential plugin")

    public static func answer(_ call: Call) throws(HelperError) -> Reply {
        if let argument = call.arguments.first {
            throw HelperError(.usage, "kubernetes takes no arguments, but got \"\(quoted(argument))\"")
        }
        let (version, request) = try request(call.context.environment)
        let credential = try call.broker.credential(for: request)
        let answer: JSON = [
            "apiVersion": .string(version),
            "kind": "ExecCredential",
            "status": [
                "token": .string(credential.token.reveal()),
                "expirationTimestamp": .string(
                    expiration(of: credential, now: call.context.clock.now()).rfc3339),
            ],
        ]
        return Reply(output: answer.serialized + "\n")
    }

    static func request(_ environment: Environment) throws(HelperError) -> (String, CredentialRequest) {
        guard let text = environment.nonEmpty("KUBERNETES_EXEC_INFO") else {
            throw HelperError(
                .usage,
                "kubernetes is called by kubectl, which describes its request in KUBERNETES_EXEC_INFO",
                hint: "name it as the exec command of a user in your kubeconfig")
        }
        guard let info = try? JSON(parsing: Array(text.utf8)), let version = info["apiVersion"]?.string,
            info["kind"]?.string ?? "ExecCredential" == "ExecCredential"
        else {
            throw HelperError(.badRequest, "KUBERNETES_EXEC_INFO is no ExecCredential")
        }
        guard ["v1", "v1beta1"].contains(where: { version == "client.authentication.k8s.io/" + $0 }) else {
            throw HelperError(
                .badRequest,
                "KUBERNETES_EXEC_INFO has apiVersion \"\(quoted(version))\", which is not supported",
                hint: "set apiVersion: client.authentication.k8s.io/v1 in your kubeconfig")
        }
        var request = CredentialRequest()
        request.allowsInput = info["spec"]?["interactive"]?.bool ?? false
        if let server = info["spec"]?["cluster"]?["server"] {
            guard let text = server.string else {
                throw HelperError(.badRequest, "KUBERNETES_EXEC_INFO has a server that is no text")
            }
            request.url = try requestedURL(text)
        }
        return (version, request)
    }

    /// client-go asks again once this moment has passed, and has no margin of its own: a little before the token's
    /// end, so that no request arrives too late, but not in the past, or it would ask again for every request.
    private static func expiration(of credential: Credential, now: Timestamp) -> Timestamp {
        let margin = min(10_000, (credential.expires - credential.issued) / 10)
        // Without a fraction a moment is rounded down, so one second ahead may be no second ahead.
        return max(credential.expires - margin, now + 1999)
    }
}
