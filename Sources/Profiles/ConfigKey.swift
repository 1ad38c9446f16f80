import Platform

/// The keys that a profile may have.
public enum ConfigKey: UInt8, CaseIterable, Sendable {
    case provider, grant
    case baseURL, tokenEndpoint, refreshEndpoint, refresh
    case clientAuth, clientID, clientSecret, username, password
    case scope, audience, resource, param
    case requestFormat, accessTokenField, refreshTokenField, idTokenField, expiresInField
    case url
    case renewAhead, tokenUse, gitUsername, dockerUsername, cargoToken
    case minTTL, timeout, caFile, proxy

    /// The key as it is written.
    public var name: String { literal.description }

    /// Whether its value names a secret, or may be one by mistake: it is never repeated in a message.
    var isSecret: Bool { self == .clientSecret || self == .password }

    /// The names of all keys.
    static var names: [String] { allCases.map(\.name) }

    /// The key with that name in any case, found without making a string of it.
    init?(_ name: UnsafeRawBufferPointer) {
        guard name.count >= 3 else { return nil }
        // Length and first two letters leave one candidate.
        let candidate: ConfigKey
        switch (name.count, name[0].lowered, name[1].lowered) {
        case (3, UInt8(ascii: "u"), _): candidate = .url
        case (5, UInt8(ascii: "g"), _): candidate = .grant
        case (5, UInt8(ascii: "s"), _): candidate = .scope
        case (5, UInt8(ascii: "p"), UInt8(ascii: "a")): candidate = .param
        case (5, UInt8(ascii: "p"), _): candidate = .proxy
        case (7, UInt8(ascii: "r"), _): candidate = .refresh
        case (7, UInt8(ascii: "m"), _): candidate = .minTTL
        case (7, UInt8(ascii: "t"), _): candidate = .timeout
        case (7, UInt8(ascii: "c"), _): candidate = .caFile
        case (8, UInt8(ascii: "p"), UInt8(ascii: "r")): candidate = .provider
        case (8, UInt8(ascii: "p"), _): candidate = .password
        case (8, UInt8(ascii: "u"), _): candidate = .username
        case (8, UInt8(ascii: "b"), _): candidate = .baseURL
        case (8, UInt8(ascii: "a"), _): candidate = .audience
        case (8, UInt8(ascii: "r"), _): candidate = .resource
        case (9, UInt8(ascii: "c"), _): candidate = .clientID
        case (9, UInt8(ascii: "t"), _): candidate = .tokenUse
        case (11, UInt8(ascii: "c"), UInt8(ascii: "l")): candidate = .clientAuth
        case (11, UInt8(ascii: "c"), _): candidate = .cargoToken
        case (11, UInt8(ascii: "r"), _): candidate = .renewAhead
        case (12, UInt8(ascii: "g"), _): candidate = .gitUsername
        case (13, UInt8(ascii: "c"), _): candidate = .clientSecret
        case (14, UInt8(ascii: "t"), _): candidate = .tokenEndpoint
        case (14, UInt8(ascii: "r"), _): candidate = .requestFormat
        case (14, UInt8(ascii: "i"), _): candidate = .idTokenField
        case (15, UInt8(ascii: "d"), _): candidate = .dockerUsername
        case (16, UInt8(ascii: "r"), _): candidate = .refreshEndpoint
        case (16, UInt8(ascii: "e"), _): candidate = .expiresInField
        case (18, UInt8(ascii: "a"), _): candidate = .accessTokenField
        case (19, UInt8(ascii: "r"), _): candidate = .refreshTokenField
        default: return nil
        }
        guard name.equals(candidate.literal) || name.equalsIgnoringCase(candidate.literal) else { return nil }
        self = candidate
    }

    private var literal: StaticString {
        switch self {
        case .provider: "provider"
        case .grant: "grant"
        case .baseURL: "base-url"
        case .tokenEndpoint: "token-endpoint"
        case .refreshEndpoint: "refresh-endpoint"
        case .refresh: "refresh"
        case .clientAuth: "client-auth"
        case .clientID: "client-id"
        case .clientSecret: "client-secret"
        case .username: "username"
        case .password: "password"
        case .scope: "scope"
        case .audience: "audience"
        case .resource: "resource"
        case .param: "param"
        case .requestFormat: "request-format"
        case .accessTokenField: "access-token-field"
        case .refreshTokenField: "refresh-token-field"
        case .idTokenField: "id-token-field"
        case .expiresInField: "expires-in-field"
        case .url: "url"
        case .renewAhead: "renew-ahead"
        case .tokenUse: "token-use"
        case .gitUsername: "git-username"
        case .dockerUsername: "docker-username"
        case .cargoToken: "cargo-token"
        case .minTTL: "min-ttl"
        case .timeout: "timeout"
        case .caFile: "ca-file"
        case .proxy: "proxy"
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are `literal`, ASCII letters in any case.
    func equalsIgnoringCase(_ literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index].lowered != literal.utf8Start[index] { return false }
        return true
    }

    /// Whether these bytes are `literal`.
    func equals(_ literal: StaticString) -> Bool {
        count == literal.utf8CodeUnitCount
            && (count == 0 || memcmp(baseAddress!, literal.utf8Start, count) == 0)
    }

    /// Whether these bytes begin with `literal`.
    func starts(with literal: StaticString) -> Bool {
        count >= literal.utf8CodeUnitCount
            && memcmp(baseAddress!, literal.utf8Start, literal.utf8CodeUnitCount) == 0
    }
}
