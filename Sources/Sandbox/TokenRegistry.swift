/// What all tokens that come of one login have in common.
struct Login {
    /// The user's name, or the ID of a client that acts for itself.
    var subject: String
    /// The client that made the request, where it named itself. Its refresh tokens are for it alone.
    var clientID: String?
    var audience: String
    var scope: String
    /// Whether a user logged in, so that there are a refresh token and an ID token.
    var isUser: Bool
}

/// The tokens of a success response (RFC 6749 §5.1).
struct IssuedTokens {
    var accessToken: String
    var refreshToken: String?
    var idToken: String?
    var scope: String
    var expiresIn: Int
}

/// All tokens that a sandbox has issued, and what has become of them.
struct TokenRegistry {
    /// The moment of the request and the rules in force then.
    struct Terms {
        /// Seconds since 1970.
        var now: Int
        var issuer: String
        var expiresIn: Int
        var rotates: Bool
    }

    /// A login and every token that was ever refreshed from it.
    private struct Family {
        var login: Login
        var isRevoked = false
    }

    private var families: [Family] = []
    private var accessTokens: [String: (family: Int, expires: Int)] = [:]
    private var refreshTokens: [String: (family: Int, isUsed: Bool)] = [:]

    /// The first tokens of a login.
    mutating func issue(_ login: Login, _ terms: Terms) -> IssuedTokens {
        families.append(Family(login: login))
        return issue(family: families.count - 1, scope: login.scope, withRefreshToken: login.isUser, terms)
    }

    /// Redeems a refresh token (RFC 6749 §6).
    ///
    /// With rotation it is good for once. Its second use shows that someone has a copy, and since nobody can
    /// tell whose use was the rightful one, all tokens of that login end (RFC 9700 §4.14.2).
    mutating func redeem(
        _ refreshToken: String, clientID: String?, scope: String?, _ terms: Terms
    ) throws(OAuthError) -> IssuedTokens {
        guard let (family, isUsed) = refreshTokens[refreshToken] else {
            throw .invalidGrant("The refresh token is unknown.")
        }
        let login = families[family].login
        guard login.clientID == nil || login.clientID == clientID else {
            throw .invalidGrant("The refresh token was issued to another client.")
        }
        guard !families[family].isRevoked else { throw .invalidGrant("The refresh token is revoked.") }
        if isUsed {
            families[family].isRevoked = true
            throw .invalidGrant("The refresh token was used before; all tokens of this login are revoked.")
        }
        let granted = Set(login.scope.split(separator: " "))
        guard granted.isSuperset(of: (scope ?? "").split(separator: " ")) else {
            throw OAuthError(
                status: 400, code: "invalid_scope", description: "The scope exceeds what was granted.")
        }
        if terms.rotates { refreshTokens[refreshToken]?.isUsed = true }
        return issue(family: family, scope: scope ?? login.scope, withRefreshToken: terms.rotates, terms)
    }

    /// Whom an access token speaks for; `nil` when it is unknown, expired or revoked.
    func subject(ofAccessToken token: String, now: Int) -> String? {
        guard let (family, expires) = accessTokens[token], now < expires, !families[family].isRevoked else {
            return nil
        }
        return families[family].login.subject
    }

    mutating func revokeAccessTokens() { accessTokens = [:] }
    mutating func revokeRefreshTokens() { refreshTokens = [:] }

    private mutating func issue(
        family: Int, scope: String, withRefreshToken: Bool, _ terms: Terms
    ) -> IssuedTokens {
        let login = families[family].login
        let accessToken = jwt(login, audience: login.audience, scope: scope, terms)
        accessTokens[accessToken] = (family, terms.now + terms.expiresIn)
        var refreshToken: String?
        if withRefreshToken {
            let token = randomText(bytes: 32)
            refreshTokens[token] = (family, false)
            refreshToken = token
        }
        return IssuedTokens(
            accessToken: accessToken, refreshToken: refreshToken,
            idToken: login.isUser
                ? jwt(login, audience: login.clientID ?? login.audience, scope: nil, terms) : nil,
            scope: scope, expiresIn: terms.expiresIn)
    }
}

/// A JSON Web Token (RFC 7519), unlike any other by its `jti`.
///
/// The sandbox gives its key to nobody, so nobody can check the signature, and random bytes of the right
/// length do as well as a real one.
private func jwt(_ login: Login, audience: String, scope: String?, _ terms: TokenRegistry.Terms) -> String {
    let header: JSONText = ["alg": "HS256", "typ": "JWT"]
    var claims: [JSONText.Member] = [
        .init("iss", .string(terms.issuer)),
        .init("sub", .string(login.subject)),
        .init("aud", .string(audience)),
        .init("iat", .number(terms.now)),
        .init("exp", .number(terms.now + terms.expiresIn)),
        .init("jti", .string(randomText(bytes: 16))),
    ]
    if let scope { claims.append(.init("scope", .string(scope))) }
    let parts = [header, .object(claims)].map { base64URL(Array($0.description.utf8)) }
    return (parts + [randomText(bytes: 32)]).joined(separator: ".")
}
