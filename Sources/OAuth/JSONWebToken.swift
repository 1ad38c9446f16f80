import Platform

/// The claims of a JSON Web Token that say when it ends and whose it is (RFC 7519 §4.1).
///
/// The signature is not checked: the token comes from its issuer over TLS, and only the server that it is for
/// can judge it.
public struct JSONWebToken: Sendable {
    /// `exp`, `iat`: seconds since the epoch on the issuer's clock.
    public let expires: Int64?
    public let issued: Int64?
    public let subject: String?

    /// `nil` when the text is no JSON Web Token.
    public init?(_ token: Secret) {
        let parts = token.reveal().utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = decodeBase64URL(parts[1]),
            let claims = try? JSON(parsing: payload), claims.isObject
        else { return nil }
        expires = claims["exp"].flatMap(seconds)
        issued = claims["iat"].flatMap(seconds)
        subject = claims["sub"]?.string
    }
}

/// A NumericDate, which may have a fraction; absurd ones are no dates.
private func seconds(_ value: JSON) -> Int64? {
    guard case .number(let number) = value, (0...253_402_300_799).contains(number) else { return nil }
    return Int64(number)
}
