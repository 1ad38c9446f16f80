import Platform
import Profiles
import TokenStore

/// What is known of a profile without asking its provider.
public struct ProfileStatus: Sendable {
    /// The stored token, without the token.
    public struct Token: Sendable {
        public let issued: Timestamp
        public let expires: Timestamp
        public let scope: String?
        /// Whom it speaks for, where it is a JSON Web Token that says so.
        public let subject: String?
        /// Whether a call now would be answered with it.
        public let isFresh: Bool
    }

    /// A secret that the profile needs.
    public struct NeededSecret: Sendable {
        public let key: ConfigKey
        /// Where it may come from, in order, and what is there.
        public let sources: [(source: SecretSource, presence: SecretPresence)]

        /// The first source that seems to have it.
        public var answering: (source: SecretSource, presence: SecretPresence)? {
            sources.first { if case .missing = $0.presence { false } else { true } }
        }
    }

    /// The last failure that is remembered.
    public struct Failure: Sendable {
        public let error: HelperError
        public let at: Timestamp
        /// Until then other calls get the same answer, unless a secret or setting changes.
        public let until: Timestamp
    }

    public let name: String
    /// What is configured, or what is wrong with that.
    public let profile: Result<Profile, HelperError>
    public let token: Token?
    public let hasRefreshToken: Bool
    public let secrets: [NeededSecret]
    public let failure: Failure?
    /// Why a call would probably get no token now; `nil` where it has one or can be expected to get one.
    public let obstacle: HelperError?
}

extension Broker {
    /// What is known of every profile, or of the one to which requests are narrowed.
    ///
    /// - Throws: `config` when a config file cannot be read or is wrong as a whole, when there is no profile,
    ///   or none of that name. What is wrong with one profile is in its status.
    public func statuses() throws(HelperError) -> [ProfileStatus] {
        let configuration = try configuration()
        var names = configuration.profileNames
        if let profileName {
            // For the error that names those there are.
            if !names.contains(profileName) { _ = try configuration.profile(named: profileName) }
            names = [profileName]
        } else if names.isEmpty {
            _ = try configuration.profile(named: nil)
        }
        return names.map { name in
            do throws(HelperError) {
                return status(of: try configuration.profile(named: name))
            } catch {
                return ProfileStatus(
                    name: name, profile: .failure(error), token: nil, hasRefreshToken: false, secrets: [],
                    failure: nil, obstacle: error)
            }
        }
    }

    private func status(of profile: Profile) -> ProfileStatus {
        let store = store(of: profile)
        let now = context.clock.now()
        let freshness = Freshness(
            use: profile.tokenUse, minimum: profile.minTTL.map { $0 * 1000 }, rejected: nil,
            forcesRefresh: false, started: context.started)
        let token = store.token().map { token in
            ProfileStatus.Token(
                issued: token.issued, expires: token.expiry(of: profile.tokenUse) ?? token.expires,
                scope: token.scope, subject: token.subject, isFresh: freshness.accepts(token, at: now))
        }
        let hasRefreshToken = profile.refreshEndpoint != nil && store.refreshToken() != nil
        let secrets = neededSecrets(of: profile)
        let failure = store.failures().failure.map {
            ProfileStatus.Failure(error: $0.error, at: $0.at, until: $0.until)
        }
        return ProfileStatus(
            name: profile.name, profile: .success(profile), token: token, hasRefreshToken: hasRefreshToken,
            secrets: secrets, failure: failure,
            obstacle: token?.isFresh == true
                ? nil : obstacle(to: profile, secrets, failure, hasRefreshToken, at: now))
    }

    private func neededSecrets(of profile: Profile) -> [ProfileStatus.NeededSecret] {
        var needed = [(ConfigKey.clientSecret, profile.clientSecret)]
        if profile.grant == .password { needed.append((.password, profile.password)) }
        return needed.filter { !$0.1.isEmpty }.map { key, sources in
            .init(key: key, sources: sources.map { ($0, $0.presence(context.environment, directories)) })
        }
    }

    private func obstacle(
        to profile: Profile, _ secrets: [ProfileStatus.NeededSecret], _ failure: ProfileStatus.Failure?,
        _ hasRefreshToken: Bool, at now: Timestamp
    ) -> HelperError? {
        if let failure, failure.until > now, failure.at - now <= 60_000 { return failure.error }
        for secret in secrets {
            // The refresh token stands for the password, not for the client.
            if secret.key == .password, hasRefreshToken { continue }
            switch secret.answering?.presence {
            case .present, .unknown: continue
            case .withPerson:
                if context.allowsInput { continue }
                return HelperError(
                    .config, "the \(secret.key.name) of \(profile.title) must be typed",
                    hint: directories.remedy(for: [.prompt], of: profile.name))
            case .missing, nil:
                let reasons = secret.sources.map { source, presence in
                    if case .missing(let reason) = presence { "\(source) \(reason)" } else { "\(source)" }
                }
                return HelperError(
                    .config,
                    "the \(secret.key.name) of \(profile.title) is not there: "
                        + reasons.joined(separator: "; "),
                    hint: directories.remedy(for: secret.sources.map(\.0), of: profile.name))
            }
        }
        return nil
    }
}
