import Broker
import Platform

/// `token`: the bare token, for scripts and for the many tools that run a command and take what it prints.
public enum Token: Command {
    public static let name = "token"

    public static let manual = Manual(
        summary: "print a token, for scripts and tools that run a command",
        options: [
            .init("--format", "raw|header|json|curl|env", "what to print (default: raw)"),
            .init("--url", "URL", "where the token is to be used: a profile must list it"),
            .init("--min-ttl", "DURATION", "how long the token must still live, such as 90, 5m or 2h"),
            .init("--force-refresh", nil, "obtain a new token, whatever is stored"),
        ])

    public static let showsWaiting = true

    enum Format: String, CaseIterable {
        case raw, header, json, curl, env
    }

    public static func answer(_ call: Call) throws(HelperError) -> Reply {
        let options = try Options(call.arguments, of: Self.self)
        try options.refuseOperands()
        var request = CredentialRequest()
        if let url = options["--url"] { request.url = try requestedURL(url) }
        if let text = options["--min-ttl"] {
            guard let seconds = parseDuration(text) else {
                throw HelperError(
                    .usage, "--min-ttl \"\(quoted(text))\" is no duration",
                    hint: "durations are 90, 90s, 5m, 2h")
            }
            request.minTTL = seconds
        }
        request.forcesRefresh = options["--force-refresh"] != nil
        let format = try format(options)
        return Reply(output: try call.broker.credential(for: request).text(format) + "\n")
    }

    public static func refusal(_ error: HelperError, _ call: Call) -> Reply {
        var reply = Reply(failure: error)
        if let options = try? Options(call.arguments, of: Self.self), (try? format(options)) == .json {
            reply.output = error.json.serialized + "\n"
        }
        return reply
    }

    private static func format(_ options: Options) throws(HelperError) -> Format {
        guard let name = options["--format"] else { return .raw }
        guard let format = Format(rawValue: name) else {
            let known = Format.allCases.map(\.rawValue)
            let nearest = nearestWord(to: name, among: known).map { "did you mean \($0)?" }
            throw HelperError(
                .usage, "--format \"\(quoted(name))\" is not known",
                hint: nearest ?? "formats are \(known.joined(separator: ", "))")
        }
        return format
    }
}

extension Credential {
    fileprivate func text(_ format: Token.Format) -> String {
        let token = token.reveal()
        switch format {
        case .raw: return token
        case .header: return "Authorization: Bearer \(token)"
        case .json: return json.serialized
        case .curl: return "header = \"Authorization: Bearer \(escaped(token, ["\\", "\""], by: "\\"))\""
        case .env: return "export BUTLR_ACCESS_TOKEN=\(singleQuoted(token))"
        }
    }
}

private func escaped(_ text: String, _ characters: Set<Character>, by escape: Character) -> String {
    var escaped = ""
    for character in text {
        if characters.contains(character) { escaped.append(escape) }
        escaped.append(character)
    }
    return escaped
}
