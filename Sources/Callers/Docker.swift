import Broker
import Platform

/// `docker`: a credential helper of the docker CLI, podman, buildah and skopeo (docker-credential-helpers 0.9).
///
/// Its errors go to standard output, with status 1, and "there is none" is one particular sentence.
public enum Docker: Command {
    public static let name = "docker"
    public static let program: String? = "docker-credential-butlr"

    public static let manual = Manual(
        operands: "get|store|erase|list|version",
        summary: "answer docker, podman, buildah and skopeo as a credential helper",
        input: "a registry's name, such as registry.example.com:5000")

    private static let notFound = "credentials not found in native keychain\n"
    private static let noServer = "no credentials server URL"

    public static func answer(_ call: Call) throws(HelperError) -> Reply {
        guard call.arguments.count == 1 else {
            return failure("usage: docker-credential-butlr \(manual.operands)")
        }
        switch call.arguments[0] {
        case "get": return try get(call)
        case "list": return try list(call)
        case "store": return try store(call)
        case "erase":
            try call.input.refuseTerminal(Self.self)
            // `docker logout` asks about every way to write a registry's name, and must succeed for all of them.
            if let selection = try? call.broker.selection(for: try request(key(call))) {
                try selection.forget()
            }
            return Reply()
        case "version": return Reply(output: "butlr-credential \(call.version)\n")
        default: return failure("unknown action: \(quoted(call.arguments[0]))")
        }
    }

    public static func refusal(_ error: HelperError, _ call: Call) -> Reply {
        switch error.code {
        case .noProfile: Reply(output: notFound, status: 1)
        default: Reply(output: error.text, status: 1)
        }
    }

    private static func failure(_ message: String) -> Reply { Reply(output: message + "\n", status: 1) }

    private static func get(_ call: Call) throws(HelperError) -> Reply {
        try call.input.refuseTerminal(Self.self)
        let key = try key(call)
        guard !key.isEmpty else { return failure(noServer) }
        let credential = try call.broker.credential(for: try request(key))
        let answer: JSON = [
            "ServerURL": .string(key),
            "Username": .string(username(credential.profile)),
            "Secret": .string(credential.token.reveal()),
        ]
        return Reply(output: answer.serialized + "\n")
    }

    /// Tokens come from the provider; `docker login` must succeed all the same.
    private static func store(_ call: Call) throws(HelperError) -> Reply {
        try call.input.refuseTerminal(Self.self)
        let credential = try? JSON(parsing: try call.input.readToEnd())
        if credential?["ServerURL"]?.string == "" { return failure(noServer) }
        if credential?["Username"]?.string == "" { return failure("no credentials username") }
        return Reply()
    }

    private static func key(_ call: Call) throws(HelperError) -> String {
        guard let text = String(validUTF8: try call.input.readToEnd()) else {
            throw HelperError(.badRequest, "the registry's name on standard input is not UTF-8")
        }
        return trimmed(text)
    }

    private static func request(_ key: String) throws(HelperError) -> CredentialRequest {
        var request = CredentialRequest(url: try requestedHost(host(key)))
        request.isForAnyServer = true
        return request
    }

    /// Every registry that may be asked for. Wildcards are not to be listed.
    private static func list(_ call: Call) throws(HelperError) -> Reply {
        var members: [JSON.Member] = []
        for profile in try call.broker.profiles() {
            for host in profile.urls.compactMap(\.authority)
            where !members.contains(where: { $0.name == host }) {
                members.append(.init(host, .string(username(profile))))
            }
        }
        return Reply(output: JSON.object(members).serialized + "\n")
    }

    /// Any name does for most registries that take an access token as the password; this is Google's.
    private static func username(_ profile: Profile) -> String {
        profile.dockerUsername ?? "oauth2accesstoken"
    }

    /// A registry's name without the API version that old clients put behind it.
    private static func host(_ key: String) -> String {
        var host = key[...]
        while host.hasSuffix("/") { host.removeLast() }
        for version in ["/v1", "/v2"] where host.hasSuffix(version) { host.removeLast(version.count) }
        return String(host)
    }
}
