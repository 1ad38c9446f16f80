import Platform
import Profiles
import TokenStore

/// A request together with the profile that serves it.
public struct Selection: Sendable {
    let broker: Broker
    let request: CredentialRequest
    public let profile: Profile
    let configuration: Configuration

    var context: Context { broker.context }
    var deadline: Deadline { context.deadline(profile.timeout ?? request.timeout) }

    var store: TokenStore { broker.store(of: profile) }

    /// The credential: from the store while it is fresh, else from the provider.
    public func credential() throws(HelperError) -> Credential {
        let store = store
        let stored = store.token()
        let freshness = Freshness(
            use: profile.tokenUse, minimum: (request.minTTL ?? profile.minTTL).map { $0 * 1000 },
            rejected: stored.flatMap(rejectedToken), forcesRefresh: request.forcesRefresh,
            started: context.started)
        context.log.trace(
            "\(profile.title): \(stored.map { "stored is \($0.term(of: profile.tokenUse))" } ?? "no token is stored")"
        )
        if let token = stored, freshness.accepts(token, at: context.clock.now()) {
            context.log.debug("\(profile.title): a stored token is good")
            beginRenewingAhead(token)
            return credential(token, .cache)
        }
        var renewal = Renewal(self, store: store, freshness: freshness, deadline: deadline)
        let (token, source) = try renewal.run()
        let credential = credential(token, source)
        let left = credential.expires - context.clock.now()
        if let minimum = freshness.minimum, left < minimum {
            context.log.warn(
                "\(profile.title): the token lives for \(left / 1000) s, not for the"
                    + " \(minimum / 1000) s asked for")
        }
        return credential
    }

    /// Forgets a token that a server refused, if it is still the stored one; a newer one stays.
    ///
    /// A server that keeps refusing fresh tokens would refuse the next one too: then it stays as well, with a
    /// warning.
    public func reject(_ token: Secret) {
        let store = store
        guard let stored = store.token(), stored.matches(token) else { return }
        do throws(HelperError) {
            let locked = try lock(store)
            // Meanwhile it may have been replaced.
            guard let stored = store.token(), stored.matches(token) else { return }
            if let warning = Refusals(clock: context.clock).note(stored, locked) {
                context.log.warn("\(profile.title): \(warning)")
            } else {
                try removeToken(locked)
            }
        } catch {
            context.log.warn("the refused token is still stored: \(error.message)")
        }
    }

    /// Forgets the stored token, so that the next one comes from the provider.
    ///
    /// - Throws: why it is still there: `temporary-failure` while another process obtains one, `io-error`.
    public func forget() throws(HelperError) {
        let store = store
        if store.token() != nil { try removeToken(try lock(store)) }
    }

    private func lock(_ store: TokenStore) throws(HelperError) -> LockedTokenStore {
        guard let locked = broker.lock(store, deadline) else { throw profile.isBusy }
        return locked
    }

    private func removeToken(_ store: borrowing LockedTokenStore) throws(HelperError) {
        do throws(SystemError) { try store.removeToken() } catch {
            throw HelperError(
                .ioError, "\(profile.title): the stored token cannot be removed: \(error)")
        }
    }

    /// The environment for a program that is started on the user's behalf: without the secrets that tokens are
    /// obtained with.
    public var childEnvironment: [Environment.Entry] { configuration.childEnvironment }

    /// The token that a server refused, if it is the stored one.
    private func rejectedToken(_ stored: StoredToken) -> Secret? {
        switch request.rejection {
        case nil: nil
        case .token(let token): stored.matches(token) ? token : nil
        case .fingerprint(let fingerprint):
            [stored.accessToken, stored.idToken].compactMap(\.self)
                .first { Broker.fingerprint(of: $0) == fingerprint }
        case .stored: stored.accessToken
        }
    }

    private func credential(_ token: StoredToken, _ source: Credential.Source) -> Credential {
        Credential(
            profile: profile, accessToken: token.accessToken, idToken: token.idToken, scope: token.scope,
            issued: token.issued, expires: token.expiry(of: profile.tokenUse) ?? token.expires, source: source
        )
    }
}
