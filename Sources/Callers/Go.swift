import Broker
import Platform

/// `go`: a GOAUTH command of the go tool (Go 1.24, `cmd/go/internal/auth`).
///
/// Called without a URL before the first request, and again with the URL and the head of the response on standard
/// input when a server has refused one.
public enum Go: Command {
    public static let name = "go"

    public static let manual = Manual(
        operands: "[URL]", summary: "answer the go tool as a GOAUTH command")

    public static func answer(_ call: Call) throws(HelperError) -> Reply {
        guard call.arguments.count <= 1 else { throw HelperError(.usage, "go takes one URL at most") }
        guard let text = call.arguments.first else {
            let credential = try call.broker.credential(for: CredentialRequest())
            let listed = credential.profile.urls.filter { $0.authority != nil }
            return Reply(output: block(listed.flatMap { places($0.description) }, credential))
        }
        let url = try requestedURL(text)
        var request = CredentialRequest(url: url)
        request.isForAnyServer = true
        // By hand there is no response to tell of.
        let head = isatty(STDIN_FILENO) == 1 ? [] : try call.input.readToEnd()
        let response = String(decoding: head, as: UTF8.self)
        let selection = try call.broker.selection(for: request)
        let listed = selection.profile.urls.filter { $0.matches(url) != nil && !$0.hasPath }
        // Any refusal brings the tool here, but only this one says that the token is at fault; and not even this one
        // where the first request went without a token.
        if isUnauthorized(response) {
            let first = try? call.broker.selection(for: CredentialRequest()).profile
            let hadToken =
                first?.name == selection.profile.name && listed.contains { $0.authority != nil }
                || response.parts(separatedBy: "invalid_token").count > 1
            if hadToken { request.rejection = .stored }
        }
        let credential = try call.broker.credential(for: request)
        // As the tool wrote it: it looks for the very same text.
        return Reply(output: block(places(text) + (listed.isEmpty ? [] : places(url.origin)), credential))
    }

    public static func refusal(_ error: HelperError, _ call: Call) -> Reply {
        error.code == .noProfile ? Reply() : Reply(failure: error)
    }

    /// A prefix matches a URL only when it is the whole of it or its bare host; Go's own help has it with a final
    /// slash, which Go 1.24.4 never matches. So both are given. Only `https` is taken.
    private static func places(_ url: String) -> [String] {
        guard url.hasPrefix("https://") else { return [] }
        let bare = url.hasSuffix("/") ? String(url.dropLast()) : url
        return [bare, bare + "/"]
    }

    private static func block(_ places: [String], _ credential: Credential) -> String {
        if places.isEmpty { return "" }
        var lines: [String] = []
        for place in places where !lines.contains(place) { lines.append(place) }
        lines += ["", "Authorization: Bearer \(credential.token.reveal())", ""]
        return lines.map { $0 + "\n" }.joined()
    }

    /// Whether the head of a response is that of a 401.
    private static func isUnauthorized(_ head: String) -> Bool {
        let words = head.prefix { !$0.isNewline }.split(separator: " ")
        return words.count >= 2 && words[0].hasPrefix("HTTP/") && words[1] == "401"
    }
}
