import Platform
import Profiles
import TokenStore

/// Decides whether a stored token answers a request.
struct Freshness {
    let use: TokenUse
    /// How long it must still live; `nil` for the margin.
    let minimum: Milliseconds?
    let rejected: Secret?
    let forcesRefresh: Bool
    /// When this process began.
    let started: Timestamp

    /// Whether the token can be handed out as it is.
    func accepts(_ token: StoredToken, at now: Timestamp) -> Bool {
        guard isValid(token, at: now), let expiry = token.expiry(of: use) else { return false }
        // Whatever was asked, somebody else has just asked it of the provider: two hundred callers that all want
        // a new token cost one request.
        if token.obtained >= started, token.obtained <= now { return true }
        if forcesRefresh { return false }
        if let rejected, token.matches(rejected) { return false }
        return expiry - now > minimum ?? Freshness.margin(lifetime: expiry - token.issued)
    }

    /// Whether the token has not ended, as far as this clock can tell.
    func isValid(_ token: StoredToken, at now: Timestamp) -> Bool {
        guard let expiry = token.expiry(of: use) else { return false }
        // A token from the future means that the clock was set back: nothing is known of its end then.
        return expiry > now && token.issued - now <= 60_000
    }

    /// Whether the token may be handed out should no other be had.
    func acceptsAsSpare(_ token: StoredToken, at now: Timestamp) -> Bool {
        guard !forcesRefresh, isValid(token, at: now) else { return false }
        return rejected.map { !token.matches($0) } ?? true
    }

    /// How long before its end a token is renewed: a tenth of its life, at least 10 s and at most 5 min, but never
    /// more than half of its life, or short-lived tokens could never be kept.
    static func margin(lifetime: Milliseconds) -> Milliseconds {
        min(max(lifetime / 10, 10_000), 300_000, lifetime / 2)
    }
}
