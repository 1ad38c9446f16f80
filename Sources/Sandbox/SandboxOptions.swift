/// What a sandbox accepts and how it behaves.
public struct SandboxOptions: Equatable, Sendable {
    /// The port on 127.0.0.1; 0 for any free one.
    public var port: UInt16 = 0
    /// Client IDs and their secrets.
    public var clients = ["client_sandbox": "sandbox-secret"]
    /// User names and their passwords.
    public var users = ["ada@example.com": "sandbox-password"]
    /// The lifetime of access and ID tokens in seconds. Zero or less gives tokens that have expired already.
    public var expiresIn = 3600
    /// Milliseconds until a token request is answered.
    public var latency = 0
    /// Whether every refresh gives a new refresh token, and using an old one again revokes all tokens of
    /// that login.
    public var rotatesRefreshTokens = false
    /// Failures that the coming token requests are answered with, in this order.
    public var failures: [Failure] = []
    /// Seconds that the sandbox's clock is ahead of the system's, as it shows in `Date`, `iat` and `exp`.
    public var clockOffset = 0

    public init() {}

    /// A response that is given instead of the one a token request deserves.
    public struct Failure: Equatable, Sendable {
        /// The HTTP status, 400 to 599.
        public var status: Int
        /// How many requests fail with it; `nil` for all that follow.
        public var count: Int?

        public init(status: Int, count: Int? = nil) {
            self.status = status
            self.count = count
        }
    }

    /// Takes the failure of the next request off the list.
    mutating func nextFailure() -> Int? {
        guard let failure = failures.first else { return nil }
        if let count = failure.count {
            failures[0].count = count - 1
            if count <= 1 { failures.removeFirst() }
        }
        return failure.status
    }
}
