import Platform
import Profiles

/// The URL for which a tool asks.
public typealias RequestedURL = Profiles.RequestedURL

/// The profile that serves a request.
public typealias Profile = Profiles.Profile

/// What a calling tool asks for.
public struct CredentialRequest: Sendable {
    /// Where the credential is to be used; `nil` when the tool's protocol does not say.
    public var url: RequestedURL?
    /// The profile that must serve it; `nil` leaves the choice to the URL, or to the name `default`.
    public var profile: String?
    /// How many seconds the token must still live; `nil` for a margin that fits its lifetime.
    public var minTTL: Int64?
    /// Which token a server refused: if it is still the stored one, it is replaced.
    public var rejection: Rejection?
    /// Whether a new token is wanted even though the stored one seems good.
    public var forcesRefresh = false
    /// How long the answer may take where the profile does not say.
    public var timeout = Profile.usualTimeout
    /// Whether the tool asks whatever helper it knows for every server that it meets: then that nothing is
    /// configured means no more than that no profile serves the URL.
    public var isForAnyServer = false
    /// Whether the tool lets a person be asked for something.
    public var allowsInput = true
    /// Whether a process may be left behind that renews a token before its time.
    public var allowsRenewingAhead = true

    public init(url: RequestedURL? = nil, profile: String? = nil) {
        self.url = url
        self.profile = profile
    }

    /// How a tool says which token a server refused.
    public enum Rejection: Sendable {
        case token(Secret)
        /// The one with this ``Credential/fingerprint``.
        case fingerprint(String)
        /// The one that is stored: the tool does not say.
        case stored
    }
}
