import Broker
import Platform

/// `git`: a git credential helper (gitcredentials(7), git-credential(1) of git 2.55).
///
/// git takes no notice of the exit status: a helper that has nothing prints nothing.
public enum Git: Command {
    public static let name = "git"
    public static let program: String? = "git-credential-butlr"

    public static let manual = Manual(
        operands: "get|store|erase|capability", summary: "answer git as a credential helper",
        input:
            "git's description of a credential, such as protocol=https, host=git.example.com and an empty line"
    )

    public static func answer(_ call: Call) throws(HelperError) -> Reply {
        guard let operation = try Options(call.arguments, of: Self.self).operands.last else {
            throw HelperError(.usage, "git needs an operation: get, store, erase or capability")
        }
        switch operation {
        case "capability": return Reply(output: "version 0\ncapability authtype\ncapability state\n")
        case "get": return try get(try read(call), call)
        case "erase": return try erase(try read(call), call)
        default:
            // Tokens come from the provider, so there is nothing to store; and what a later git may ask for is
            // to be passed over in silence.
            try call.input.refuseTerminal(Self.self)
            _ = try? call.input.read(until: isComplete)
            return Reply()
        }
    }

    public static func refusal(_ error: HelperError, _ call: Call) -> Reply {
        switch error.code {
        case .noProfile: Reply()
        case .usage: Reply(failure: error)
        default: Reply(errors: error.text)
        }
    }

    private static func get(_ request: GitCredential, _ call: Call) throws(HelperError) -> Reply {
        guard let url = request.url else { return Reply() }
        var wanted = CredentialRequest(url: url)
        wanted.isForAnyServer = true
        wanted.rejection = request.refusedFingerprint.map { .fingerprint($0) }
        let selection = try call.broker.selection(for: wanted)
        let credential: Credential
        do throws(HelperError) {
            credential = try selection.credential()
        } catch {
            // The URL is ours, so no other helper and no person can have the right password for it.
            return Reply(output: "quit=1\n", errors: error.text)
        }
        return Reply(output: description(of: credential, for: request))
    }

    /// The scheme `Bearer` where git can send it and the server, if it has said anything, asks for it; else the token
    /// is the password, which is all that many servers of git take.
    ///
    /// Where git keeps state, it comes back with the token's fingerprint should the server refuse it, so that the
    /// same git command goes on with a new token; the second refusal is final.
    static func description(of credential: Credential, for request: GitCredential) -> String {
        let token = credential.token.reveal()
        let isBearer =
            request.announces("authtype")
            && (request.challenges.isEmpty || request.challenges.contains(where: isBearer))
        let mayComeBack = request.announces("state") && request.refusedFingerprint == nil
        var text = ""
        if isBearer { text += "capability[]=authtype\n" }
        if mayComeBack { text += "capability[]=state\n" }
        if isBearer {
            text += "authtype=Bearer\ncredential=\(token)\nephemeral=1\n"
        } else {
            let username = credential.profile.gitUsername ?? request["username"] ?? "oauth2"
            text += "username=\(username)\npassword=\(token)\n"
        }
        text += "password_expiry_utc=\(credential.expires.seconds)\n"
        if mayComeBack {
            text += "state[]=\(GitCredential.statePrefix)\(credential.fingerprint)\ncontinue=1\n"
        }
        return text
    }

    private static func isBearer(_ challenge: String) -> Bool {
        challenge.prefix { $0 != " " }.lowercased() == "bearer"
    }

    /// git's word that a server refused a credential.
    private static func erase(_ request: GitCredential, _ call: Call) throws(HelperError) -> Reply {
        guard let url = request.url, let refused = request["password"] ?? request["credential"] else {
            return Reply()
        }
        var wanted = CredentialRequest(url: url)
        wanted.isForAnyServer = true
        try call.broker.selection(for: wanted).reject(Secret(refused))
        return Reply()
    }

    private static func read(_ call: Call) throws(HelperError) -> GitCredential {
        try call.input.refuseTerminal(Self.self)
        return try GitCredential(parsing: try call.input.read(until: isComplete))
    }

    /// Whether a description has ended: git closes its end, but whoever follows the letter of the protocol sends
    /// an empty line and may keep its end open.
    private static func isComplete(_ bytes: [UInt8], start: Int) -> Bool {
        bytes.indices[start...].contains { bytes[$0] == 0x0A && ($0 == 0 || bytes[$0 - 1] == 0x0A) }
    }
}

/// git's description of a credential: lines of `key=value`, up to an empty line or the end.
struct GitCredential {
    private struct Attribute {
        var key: String
        var value: String
    }

    private var attributes: [Attribute] = []

    /// - Throws: `bad-request` for a line without `=`, one of more than 65,535 bytes, one that is not text, or one
    ///   with a CR: libraries that take it for the end of a line would read another description (CVE-2024-52006).
    init(parsing bytes: [UInt8]) throws(HelperError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let line = rest.prefix { $0 != 0x0A }
            if line.isEmpty { break }
            rest = rest[line.endIndex...].dropFirst()
            guard line.count < 65_535, !line.contains(0), !line.contains(0x0D),
                let text = String(validUTF8: line),
                let equals = text.firstIndex(of: "=")
            else { throw HelperError(.badRequest, "this is no description of a credential as git gives it") }
            let key = String(text[..<equals])
            let value = String(text[text.index(after: equals)...])
            // An empty member of a list empties the list.
            if key.hasSuffix("[]"), value.isEmpty { attributes.removeAll { $0.key == key } }
            if !value.isEmpty { attributes.append(Attribute(key: key, value: value)) }
        }
    }

    /// The value of a key; the last one given counts.
    subscript(key: String) -> String? { attributes.last { $0.key == key }?.value }

    func announces(_ capability: String) -> Bool {
        attributes.contains { $0.key == "capability[]" && $0.value == capability }
    }

    /// The `WWW-Authenticate` headers with which the server refused the request without a credential.
    var challenges: [String] { attributes.filter { $0.key == "wwwauth[]" }.map(\.value) }

    static let statePrefix = "butlr:"

    /// The fingerprint of the token that the server has just refused, which git was given as its state.
    var refusedFingerprint: String? {
        attributes.last { $0.key == "state[]" && $0.value.hasPrefix(GitCredential.statePrefix) }
            .map { String($0.value.dropFirst(GitCredential.statePrefix.count)) }
    }

    /// What the credential is for; `nil` for anything but a web server, and where two are named: of those, two
    /// readers might choose differently.
    var url: RequestedURL? {
        // A second host is how a line that was smuggled into a URL looks (CVE-2020-5260).
        for key in ["protocol", "host", "path", "url"] where attributes.count(where: { $0.key == key }) > 1 {
            return nil
        }
        if let url = self["url"] {
            return self["protocol"] == nil && self["host"] == nil ? RequestedURL(url) : nil
        }
        guard let scheme = self["protocol"], let host = self["host"] else { return nil }
        return RequestedURL(scheme: scheme, host: host, path: self["path"])
    }
}
