import HTTP
import OAuth
import Platform
import Profiles
import TokenStore

/// What a login brought that no file knows of yet.
public struct FreshLogin: Sendable {
    public let profile: Profile
    let token: StoredToken
    let refreshToken: Secret?
    /// How far the provider's clock is ahead of this one, where its `Date` says so.
    public let clockDifference: Milliseconds?

    /// How long the provider took to answer.
    public var duration: Milliseconds { token.obtained - token.issued }
    /// When the token that the profile hands out ends; may be in the past.
    public var expires: Timestamp { token.expiry(of: profile.tokenUse) ?? token.expires }
    /// When the request for it was sent.
    public var issued: Timestamp { token.issued }
    public var scope: String? { token.scope }
    /// Whom the token speaks for, where it is a JSON Web Token that says so.
    public var subject: String? { token.subject }
}

extension Broker {
    /// Logs in once, with a profile that need not be written anywhere, and keeps nothing of it.
    ///
    /// - Parameter given: secrets by their key; one that is not here comes from the profile's sources.
    /// - Throws: why there is no token; `config` where a secret is not to be had.
    public func logIn(with profile: Profile, given: [ConfigKey: Secret]) throws(HelperError) -> FreshLogin {
        var secrets = LoginSecrets()
        if !profile.clientSecret.isEmpty {
            secrets.clientSecret = try secret(.clientSecret, of: profile, given)
        }
        if profile.grant == .password {
            secrets.password = try secret(.password, of: profile, given)
        }
        let request = profile.loginRequest(secrets)
        // That of secrets was another one: a person may have typed them.
        let deadline = Deadline(in: profile.timeout ?? Profile.usualTimeout)
        let response: TokenResponse
        do throws(TokenFailure) {
            let notice = context.notice(of: profile.server, until: deadline)
            defer { notice?.end() }
            response = try profile.endpoint(client, context.clock).send(request, deadline)
        } catch {
            throw error.error
        }
        let token = StoredToken(response, for: profile)
        guard token.expiry(of: profile.tokenUse) != nil else { throw profile.noIDToken }
        return FreshLogin(
            profile: profile, token: token,
            refreshToken: profile.grant == .password ? response.refreshToken : nil,
            clockDifference: response.clockDifference)
    }

    /// Keeps what a login brought as if a call had asked for it, and forgets every failure of the profile.
    ///
    /// That it cannot be kept is no failure: the next call logs in again.
    public func keep(_ login: FreshLogin) {
        guard let locked = lock(store(of: login.profile), Deadline(in: Broker.shortPatience)) else {
            return context.log.warn("the token is not kept: another process is obtaining one")
        }
        locked.keep(FailureMemory())
        do throws(SystemError) {
            if let refreshToken = login.refreshToken {
                try locked.keep(StoredRefreshToken(refreshToken))
            } else {
                locked.removeRefreshToken()
            }
            if login.expires > context.clock.now() { try locked.keep(login.token) }
        } catch {
            context.log.warn("the token cannot be kept: \(obstacle(error))")
        }
    }

    /// How long a person may take to find and type a secret.
    private static var typingTime: Milliseconds { 600_000 }

    /// A profile's client secret or password, from its sources; a person may be one of them.
    ///
    /// - Throws: `config` where it is not to be had.
    public func secret(_ key: ConfigKey, of profile: Profile) throws(HelperError) -> Secret {
        try secret(key, of: profile, [:])
    }

    private func secret(
        _ key: ConfigKey, of profile: Profile, _ given: [ConfigKey: Secret]
    ) throws(HelperError) -> Secret {
        if let secret = given[key] { return secret }
        let sources = key == .password ? profile.password : profile.clientSecret
        // Those of the other profiles, too, and this one may not be in the config yet.
        var variables = (try? configuration().secretVariables) ?? Configuration.ownSecretVariables
        for case .env(let name) in profile.clientSecret + profile.password { variables.insert(name) }
        var typed: Secret?
        while true {
            let reader = SecretReader(
                environment: context.environment,
                deadline: Deadline(in: profile.timeout ?? Profile.usualTimeout),
                allowsInput: context.allowsInput, secretVariables: variables, directories: directories)
            switch try reader.read(sources, for: key.name, of: profile.name, answered: typed) {
            case .secret(let secret, _): return secret
            case .needsPrompt:
                typed = try prompt(
                    for: key.name, of: profile, directories, deadline: Deadline(in: Broker.typingTime))
            }
        }
    }

    /// How long a login that has its token already waits for another process.
    private static var shortPatience: Milliseconds { 5000 }

    /// The store's lock; `nil` where somebody else still has it at the deadline.
    func lock(_ store: TokenStore, _ deadline: Deadline) -> LockedTokenStore? {
        var request = store.requestLock()
        return request.wait(until: deadline)
    }
}

extension StoredToken {
    init(_ response: TokenResponse, for profile: Profile) {
        self.init(
            accessToken: response.accessToken, idToken: response.idToken,
            scope: response.scope ?? (profile.scope.isEmpty ? nil : profile.scope.joined(separator: " ")),
            issued: response.requested, obtained: response.received,
            expires: response.requested + response.lifetime,
            idTokenExpires: response.idTokenLifetime.map { response.requested + $0 })
    }

    /// Whom it speaks for, where it says so.
    var subject: String? {
        (JSONWebToken(accessToken) ?? idToken.flatMap(JSONWebToken.init))?.subject
    }
}

extension Profile {
    /// Scheme, host and port of the token endpoint.
    public var server: String {
        tokenEndpoint.split(separator: "/", maxSplits: 3).prefix(2).joined(separator: "//")
    }

    /// Why there is no lock at the deadline.
    var isBusy: HelperError {
        HelperError(
            .temporaryFailure,
            "\(title): another process is obtaining a token and has not finished", retryAfter: 1)
    }

    var noIDToken: HelperError {
        HelperError(
            .providerError, "\(tokenEndpoint) gave no ID token, which token-use asks for",
            hint: "add openid to the profile's scope")
    }
}

/// Why a token cannot be kept, for people.
func obstacle(_ error: SystemError) -> String {
    guard [ENOLCK, ENOTSUP, EOPNOTSUPP, ENOSYS].contains(error.number) else { return "\(error)" }
    // Without a lock two processes would spoil each other's refresh token.
    return "\(error); let XDG_STATE_HOME name a folder on a disk that has locks"
}
