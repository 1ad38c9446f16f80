import Platform

/// A successful token response (RFC 6749 §5.1).
public struct TokenResponse: Sendable {
    public let accessToken: Secret
    public let refreshToken: Secret?
    public let idToken: Secret?
    public let scope: String?
    /// When the request was sent, and when this came.
    public let requested: Timestamp
    public let received: Timestamp
    /// How long the access token lives, counted from when the request was sent; zero or less when it is already
    /// over.
    public let lifetime: Milliseconds
    /// The same for the ID token, from its own `exp`.
    public let idTokenLifetime: Milliseconds?
    /// How far the server's clock, which its `Date` shows in whole seconds, was ahead of this one; `nil` without
    /// `Date`.
    public let clockDifference: Milliseconds?
}

extension TokenResponse {
    /// What a token response's members are called.
    public struct MemberNames: Equatable, Sendable {
        public var accessToken: String
        public var refreshToken: String
        public var idToken: String
        public var expiresIn: String

        public init(accessToken: String, refreshToken: String, idToken: String, expiresIn: String) {
            self.accessToken = accessToken
            self.refreshToken = refreshToken
            self.idToken = idToken
            self.expiresIn = expiresIn
        }
    }
}

/// When a request was sent and its response received, on this clock, and what the server's clock said.
struct Exchange {
    let sent: Timestamp
    let received: Timestamp
    let date: Timestamp?

    /// How long a JSON Web Token lives, counted from `sent`.
    ///
    /// Its `exp` is a moment on the issuer's clock, which may not be ours: the response's `Date` shows the
    /// difference; without it, the token's own `iat` stands for the moment of issue.
    func lifetime(of token: JSONWebToken) -> Milliseconds? {
        claimedLifetime(of: token).map { min($0, TokenResponse.longestLifetime) }
    }

    private func claimedLifetime(of token: JSONWebToken) -> Milliseconds? {
        guard let expires = token.expires.map(Timestamp.init(seconds:)) else { return nil }
        if let date {
            let difference = date - received
            // `Date` has whole seconds and its response took a while: less than two is no difference.
            return expires - sent - (abs(difference) < 2000 ? 0 : difference)
        }
        if let issued = token.issued.map(Timestamp.init(seconds:)) { return expires - issued }
        return expires - sent
    }
}

extension TokenResponse {
    /// The lifetime of a token of which nothing says how long it lives.
    static let unknownLifetime: Milliseconds = 300_000
    /// Longer lifetimes are taken as this one: ten years.
    static let longestLifetime: Milliseconds = 315_360_000_000

    /// Reads a response body.
    ///
    /// - Throws: why this is no token response, in a few words.
    init(parsing body: [UInt8], names: MemberNames, _ exchange: Exchange) throws(Malformed) {
        requested = exchange.sent
        received = exchange.received
        clockDifference = exchange.date.map { $0 - exchange.received }
        let json: JSON
        do throws(JSON.SyntaxError) {
            json = try JSON(parsing: body)
        } catch {
            // Without a length, and over TLS without a farewell, this is the only sign of a cut.
            if error == .incomplete, !body.isEmpty { throw Malformed("the body is cut short", isCut: true) }
            throw Malformed("the body is not JSON")
        }
        guard json.isObject else { throw Malformed("the body is not a JSON object") }
        if let error = json["error"]?.string { throw Malformed("it says", quoting: error) }
        if let type = json["token_type"], type.string?.lowercased() != "bearer" {
            throw Malformed("token_type is not Bearer")
        }
        guard let accessToken = try token(names.accessToken, in: json) else {
            throw Malformed("there is no \(names.accessToken)")
        }
        self.accessToken = accessToken
        refreshToken = try token(names.refreshToken, in: json)
        idToken = try token(names.idToken, in: json)
        scope = json["scope"]?.string ?? json["scope"]?.array?.compactMap(\.string).joined(separator: " ")

        let stated = json[names.expiresIn].flatMap(duration)
        let claimed = JSONWebToken(accessToken).flatMap(exchange.lifetime)
        lifetime = [stated, claimed].compactMap(\.self).min() ?? TokenResponse.unknownLifetime
        idTokenLifetime = idToken.map {
            JSONWebToken($0).flatMap(exchange.lifetime) ?? TokenResponse.unknownLifetime
        }
    }

    struct Malformed: Error {
        let reason: String
        /// The server's own words that belong to it, as they came.
        let quote: String?
        /// Whether the rest of it seems to have been lost on the way.
        let isCut: Bool

        init(_ reason: String, quoting quote: String? = nil, isCut: Bool = false) {
            self.reason = reason
            self.quote = quote
            self.isCut = isCut
        }
    }
}

/// A token member; an empty one, which some servers send for a token that they do not give, counts as absent.
///
/// Only visible ASCII is safe in every header and protocol that a token travels through.
private func token(_ name: String, in json: JSON) throws(TokenResponse.Malformed) -> Secret? {
    guard let value = json[name] else { return nil }
    guard let text = value.string else { throw .init("\(name) is not a string") }
    if text.isEmpty { return nil }
    guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
        throw .init("\(name) has characters that no header may carry")
    }
    return Secret(text)
}

/// `expires_in`: seconds as a number, or as a text of digits, which some servers send; `nil` for anything else.
private func duration(_ value: JSON) -> Milliseconds? {
    let seconds: Double?
    switch value {
    case .number(let number): seconds = number
    case .string(let text):
        // Swift also reads hexadecimal and words.
        seconds = text.utf8.allSatisfy { "0123456789.eE+-".utf8.contains($0) } ? Double(text) : nil
    default: seconds = nil
    }
    guard let seconds, !seconds.isNaN else { return nil }
    let limit = Double(TokenResponse.longestLifetime / 1000)
    return Milliseconds(max(-limit, min(limit, seconds)) * 1000)
}
