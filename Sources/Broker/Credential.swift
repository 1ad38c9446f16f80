import Platform
import Profiles
import TokenStore

/// What a calling tool gets.
public struct Credential: Sendable {
    /// Where it came from, as the native protocol names it.
    public enum Source: String, Sendable {
        case cache, refresh, login
    }

    public let profile: Profile
    public let accessToken: Secret
    public let idToken: Secret?
    public let scope: String?
    /// When the request for it was sent.
    public let issued: Timestamp
    /// When the token in use ends; never in the past.
    public let expires: Timestamp
    public let source: Source

    /// Tells the token from others without giving it away; meant for the tool that has it.
    public var fingerprint: String { Broker.fingerprint(of: token) }

    /// The token that the profile hands out.
    public var token: Secret {
        switch profile.tokenUse {
        case .accessToken: accessToken
        case .idToken: idToken ?? accessToken
        }
    }
}

extension StoredToken {
    /// When the token that the profile hands out ends; `nil` when it is not there.
    func expiry(of use: TokenUse) -> Timestamp? {
        switch use {
        case .accessToken: expires
        case .idToken: idToken == nil ? nil : idTokenExpires
        }
    }

    /// When it was issued and when it ends, for the log.
    func term(of use: TokenUse) -> String {
        "a token from \(issued.rfc3339) to \(expiry(of: use)?.rfc3339 ?? "an end that is not known")"
    }

    /// Whether `token` is this one.
    func matches(_ token: Secret) -> Bool { accessToken == token || idToken == token }
}
