/// A token request that the sandbox has answered. It holds no secret.
public struct TokenRequest: Equatable, Sendable {
    /// When it came, in milliseconds since 1970-01-01T00:00:00Z.
    public var time: Int64
    /// The endpoint's path.
    public var path: String
    /// `password`, `client_credentials` or `refresh_token`; `nil` when the request names none of these.
    public var grant: String?
    /// The status of the response.
    public var status: Int

    var json: JSONText {
        [
            "time": .string(rfc3339(milliseconds: time)), "path": .string(path),
            "grant": grant.map(JSONText.string) ?? .null, "status": .number(status),
        ]
    }
}
