import Platform

/// A refresh token as it lies on disk.
public struct StoredRefreshToken: Equatable, Sendable {
    public var refreshToken: Secret
    /// Whether it has been sent and no answer was noted: the provider may have used it up.
    public var isBeingRedeemed: Bool

    public init(_ refreshToken: Secret, isBeingRedeemed: Bool = false) {
        self.refreshToken = refreshToken
        self.isBeingRedeemed = isBeingRedeemed
    }
}

extension StoredRefreshToken: Record {
    var json: [JSON.Member] {
        [
            .init("refresh_token", .string(refreshToken.reveal())),
            .init("is_being_redeemed", .bool(isBeingRedeemed)),
        ]
    }

    init?(_ json: JSON) {
        guard let refreshToken = json["refresh_token"]?.string, !refreshToken.isEmpty else { return nil }
        self.init(Secret(refreshToken), isBeingRedeemed: json["is_being_redeemed"]?.bool ?? false)
    }
}
