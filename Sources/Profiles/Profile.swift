import Platform

/// Which of the tokens is handed out.
public enum TokenUse: String, Sendable, CaseIterable {
    case accessToken = "access-token"
    case idToken = "id-token"
}

/// How Cargo is given the token, which it sends as it is.
public enum CargoToken: String, Sendable, CaseIterable {
    /// The token alone.
    case bare
    /// `Bearer TOKEN`.
    case bearer
}

/// Where something was said.
public enum Origin: Sendable, Hashable, CustomStringConvertible {
    case file(path: String, line: Int)
    /// One environment variable.
    case variable(String)
    /// The environment as a whole, where no file defines the profile.
    case environment

    public var description: String {
        switch self {
        case .file(let path, let line): "\(quoted(path)):\(line)"
        case .variable(let name): name
        case .environment: "the environment"
        }
    }
}

/// A `param` of a request.
public struct Parameter: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// One way to obtain tokens, with everything said about it and checked.
public struct Profile: Sendable {
    public var name: String
    public var provider: Provider
    public var grant: Grant
    /// Where a token is asked for: an absolute URL, `https`, or `http` to this machine.
    public var tokenEndpoint: String
    /// Where a refresh token is redeemed; `nil` where it is not.
    public var refreshEndpoint: String?
    public var requestFormat: RequestFormat
    public var refreshRequestFormat: RequestFormat
    public var clientAuthentication: ClientAuthentication
    public var clientID: String?
    /// Where the client secret may come from, to be tried in order.
    public var clientSecret: [SecretSource]
    public var username: String?
    /// Where the password may come from, to be tried in order.
    public var password: [SecretSource]
    /// As written.
    public var scope: [String]
    public var audience: String?
    public var resources: [String]
    public var parameters: [Parameter]
    public var responseFields: ResponseFields
    public var renewAhead: Bool
    public var tokenUse: TokenUse
    public var gitUsername: String?
    public var dockerUsername: String?
    public var cargoToken: CargoToken
    /// Seconds that a token must have left, where the profile says.
    public var minTTL: Int64?
    /// The deadline for all of it, 1 s to 10 min, where the profile or `BUTLR_TIMEOUT` says.
    public var timeout: Milliseconds?
    /// A PEM file of certificates to trust instead of the system's.
    public var caFile: String?
    /// The proxy's URL; an empty text means none, whatever the environment says.
    public var proxy: String?
    /// The URLs that its tokens may be given to, the base URL among them.
    public var urls: [URLPattern]
    /// Where it is defined.
    public var origin: Origin
}

extension Profile {
    /// What the provider authenticates: the client or the user.
    public var subject: String {
        switch grant {
        case .clientCredentials: clientID ?? ""
        case .password: username ?? ""
        }
    }

    /// The base URL, which is among the profile's URLs without being listed; `nil` where there is none.
    public var baseURL: URLPattern? { provider.baseURL == nil ? nil : urls.first }

    /// What decides which token is the answer: two profiles that differ here never share one.
    ///
    /// One `name=value` for each line, values percent-encoded.
    public var identity: String {
        var text = CanonicalText()
        text.add("profile", name)
        text.add("provider", provider.name)
        text.add("token-endpoint", tokenEndpoint)
        text.add("grant", grant.rawValue)
        text.add("client-id", clientID)
        text.add("username", username)
        text.add("audience", audience)
        text.add("scope", set: scope)
        text.add("resource", set: resources)
        for parameter in parameters { text.add("param", [parameter.name, parameter.value]) }
        return text.text
    }

    /// What the identity of every profile with that name begins with.
    public static func identityPrefix(ofName name: String) -> String { "profile=\(formEncoded(name))\n" }

    /// Everything that can decide whether a token is obtained: where this has changed, an earlier failure
    /// says nothing any more. Never a secret; a `command:` is represented by its hash.
    public var settings: String {
        var text = CanonicalText(text: identity)
        text.add("request-format", requestFormat.rawValue)
        text.add("client-auth", clientAuthentication.rawValue)
        text.add("client-secret", clientSecret.map(\.fingerprint))
        text.add("password", password.map(\.fingerprint))
        text.add("refresh-endpoint", refreshEndpoint)
        text.add("refresh-request-format", refreshRequestFormat.rawValue)
        text.add("access-token-field", responseFields.accessToken)
        text.add("refresh-token-field", responseFields.refreshToken)
        text.add("id-token-field", responseFields.idToken)
        text.add("expires-in-field", responseFields.expiresIn)
        text.add("token-use", tokenUse.rawValue)
        text.add("timeout", timeout.map { "\($0)" })
        text.add("ca-file", caFile)
        text.add("proxy", proxy)
        return text.text
    }
}

/// Lines of `name=value` that no value can imitate.
private struct CanonicalText {
    var text = ""

    mutating func add(_ name: String, _ value: String?) {
        if let value { text += "\(name)=\(formEncoded(value))\n" }
    }

    mutating func add(_ name: String, set values: [String]) {
        if !values.isEmpty { add(name, Set(values).sorted()) }
    }

    mutating func add(_ name: String, _ values: [String]) {
        // A list of one empty value and an empty list differ by the line being there.
        if !values.isEmpty { text += "\(name)=\(values.map(formEncoded).joined(separator: "&"))\n" }
    }
}

extension Profile {
    /// What it is called in a sentence: `profile "NAME"`.
    public var title: String { Profile.title(of: name) }
    public static func title(of name: String) -> String { "profile \"\(quoted(name))\"" }

    /// The deadline where nothing else is said.
    public static var usualTimeout: Milliseconds { 30_000 }

    /// The deadlines that may be set, in seconds.
    static var timeouts: ClosedRange<Int64> { 1...600 }

    /// The deadline that `BUTLR_TIMEOUT` sets; `nil` where it sets none, or one that a profile will refuse.
    public static func timeout(_ environment: Environment) -> Milliseconds? {
        let seconds = environment.nonEmpty("BUTLR_TIMEOUT").flatMap(parseDuration)
        return seconds.flatMap { timeouts.contains($0) ? $0 * 1000 : nil }
    }
}
