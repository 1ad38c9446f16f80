import Platform

/// One POST to a token endpoint.
public struct HTTPRequest: Sendable {
    public struct Header: Sendable {
        public let name: String
        public let value: Secret

        public init(_ name: String, _ value: Secret) {
            self.name = name
            self.value = value
        }
    }

    public var url: String
    public var headers: [Header]
    public var body: Secret

    public init(url: String, headers: [Header], body: Secret) {
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// How to reach the server.
public struct HTTPRoute: Sendable {
    /// A PEM file to trust instead of the system's certificates.
    public var caFile: String?
    /// A proxy's URL; `nil` leaves it to `https_proxy` and `no_proxy` in the environment.
    public var proxy: String?

    public init(caFile: String? = nil, proxy: String? = nil) {
        self.caFile = caFile
        self.proxy = proxy
    }
}

/// What a server answered.
public struct HTTPResponse: Sendable {
    public let status: Int
    /// The body; `nil` when there was more of it than is read.
    public var body: [UInt8]?
    /// The server's clock, from the `Date` header.
    public let date: Timestamp?
    /// The `Retry-After` header in seconds (RFC 9110 §10.2.3).
    public let retryAfter: Int?
    /// Where a redirect points to.
    public let redirect: String?

    public init(status: Int, body: [UInt8]?, date: Timestamp?, retryAfter: Int?, redirect: String?) {
        self.status = status
        self.body = body
        self.date = date
        self.retryAfter = retryAfter
        self.redirect = redirect
    }
}

/// Why there is no response.
public enum HTTPFailure: Error, Equatable, Sendable {
    /// The request surely never arrived: no name, no connection, no handshake.
    case notSent(String)
    /// A proxy did not let the request through, and said so with this status.
    case refusedByProxy(status: Int)
    /// The request may have arrived, the response did not.
    case interrupted(String)
    /// The server's certificate or TLS version was not accepted.
    case tls(String)
    /// What came is no HTTP response.
    case malformed(String)
    /// The request cannot be made on this machine as it is set up.
    case unusable(String)
}
