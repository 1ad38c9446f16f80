import Platform

/// An access token as it lies on disk, with what was issued along with it.
public struct StoredToken: Equatable, Sendable {
    public var accessToken: Secret
    public var idToken: Secret?
    public var scope: String?
    /// When the request for it was sent: lifetimes count from here.
    public var issued: Timestamp
    /// When it arrived.
    public var obtained: Timestamp
    public var expires: Timestamp
    public var idTokenExpires: Timestamp?

    public init(
        accessToken: Secret, idToken: Secret?, scope: String?, issued: Timestamp, obtained: Timestamp,
        expires: Timestamp, idTokenExpires: Timestamp?
    ) {
        self.accessToken = accessToken
        self.idToken = idToken
        self.scope = scope
        self.issued = issued
        self.obtained = obtained
        self.expires = expires
        self.idTokenExpires = idTokenExpires
    }
}

extension StoredToken: Record {
    var json: [JSON.Member] {
        [
            .init("access_token", .string(accessToken.reveal())),
            .init("id_token", idToken.map { .string($0.reveal()) } ?? .null),
            .init("scope", scope.map(JSON.string) ?? .null),
            .init("issued", JSON(issued)),
            .init("obtained", JSON(obtained)),
            .init("expires", JSON(expires)),
            .init("id_token_expires", idTokenExpires.map(JSON.init) ?? .null),
        ]
    }

    init?(_ json: JSON) {
        guard let accessToken = json["access_token"]?.string, let issued = json["issued"]?.timestamp,
            let obtained = json["obtained"]?.timestamp, let expires = json["expires"]?.timestamp
        else { return nil }
        self.init(
            accessToken: Secret(accessToken), idToken: json["id_token"]?.string.map(Secret.init),
            scope: json["scope"]?.string, issued: issued, obtained: obtained, expires: expires,
            idTokenExpires: json["id_token_expires"]?.timestamp)
    }
}
