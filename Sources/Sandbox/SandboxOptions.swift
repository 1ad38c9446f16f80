/// What a sandbox accepts and how it behaves.
public struct SandboxOptions: Equatable, Sendable {
    /// The port on 127.0.0.1; 0 for any free one.
    public var port: UInt16
    /// Client IDs and their secrets.
    public var clients: [String: String]
    /// User names and their passwords.
    public var users: [String: String]
    /// The lifetime of access and ID tokens in seconds. Zero or less gives tokens that have expired already.
    public var expiresIn: Int
    /// Milliseconds until a token request is answered.
    public var latency: Int
    /// Whether every refresh gives a new refresh token, and using an old one again revokes all tokens of
    /// that login.
    public var rotatesRefreshTokens: Bool
    /// Failures that the coming token requests are answered with, in this order.
    public var failures: [Failure]
    /// Seconds that the sandbox's clock is ahead of the system's, as it shows in `Date`, `iat` and `exp`.
    public var clockOffset: Int

    public init(
        port: UInt16 = 0, clients: [String: String] = ["client_sandbox": "sandbox-secret"],
        users: [String: String] = ["ada@example.com": "sandbox-password"], expiresIn: Int = 3600,
        latency: Int = 0, rotatesRefreshTokens: Bool = false, failures: [Failure] = [], clockOffset: Int = 0
    ) {
        self.port = port
        self.clients = clients
        self.users = users
        self.expiresIn = expiresIn
        self.latency = latency
        self.rotatesRefreshTokens = rotatesRefreshTokens
        self.failures = failures
        self.clockOffset = clockOffset
    }

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
