/// How the token is asked for.
public enum Grant: String, Sendable, CaseIterable {
    /// RFC 6749 §4.4.
    case clientCredentials = "client-credentials"
    /// RFC 6749 §4.3.
    case password
}

/// How a request's body is written.
public enum RequestFormat: String, Sendable, CaseIterable {
    /// `application/x-www-form-urlencoded`.
    case form
    /// `application/json`, one object of strings.
    case json
}

/// How a client proves who it is (RFC 6749 §2.3.1).
public enum ClientAuthentication: String, Sendable, CaseIterable {
    /// `Authorization: Basic`.
    case basic
    /// `client_id` and `client_secret` in the body.
    case post
    /// A public client: only `client_id`, in the body.
    case none
}

/// The members of a token response that are read, by their names at this provider.
public struct ResponseFields: Sendable, Hashable {
    public var accessToken: String
    public var refreshToken: String
    public var idToken: String
    public var expiresIn: String

    /// The names of RFC 6749 §5.1 and OpenID Connect Core §3.1.3.3.
    public static let standard = ResponseFields(
        accessToken: "access_token", refreshToken: "refresh_token", idToken: "id_token",
        expiresIn: "expires_in")
}

/// What is known of a kind of provider before a profile says anything: data, not code.
public struct Provider: Sendable, Hashable {
    /// A part of a request's body. One that has no value, or that the client authentication puts elsewhere,
    /// is left out.
    public enum Field: String, Sendable {
        case grantType = "grant_type"
        /// In the body unless the client authentication is `basic`.
        case clientID = "client_id"
        /// In the body where the client authentication is `post`.
        case clientSecret = "client_secret"
        case username
        case password
        case scope
        case audience
        /// One `resource` for each (RFC 8707).
        case resources = "resource"
        /// The profile's own `param`s.
        case parameters = "param"
    }

    /// How one grant is asked for.
    public struct Request: Sendable, Hashable {
        /// The endpoint's path below the base URL; `nil` where the profile gives the whole endpoint.
        public let path: String?
        /// What is sent, in this order, and nothing else.
        public let fields: [Field]
        public let format: RequestFormat
        /// `nil` where the profile may say.
        public let clientAuthentication: ClientAuthentication?
        public let defaultAudience: String?
    }

    /// The word in the config.
    public let name: String
    /// The base URL unless a profile gives another; `nil` where there is none.
    public let baseURL: String?
    public let clientCredentials: Request
    public let password: Request
    /// How a refresh request is written; `nil`: as the login is.
    public let refreshFormat: RequestFormat?
    public let responseFields: ResponseFields

    /// How that grant is asked for.
    public func request(for grant: Grant) -> Request {
        switch grant {
        case .clientCredentials: clientCredentials
        case .password: password
        }
    }

    static let butlrBaseURL = "https://api.butlr.io"

    /// Butlr's two login endpoints.
    public static let butlr = Provider(
        name: "butlr",
        baseURL: butlrBaseURL,
        clientCredentials: Request(
            path: "/api/v2/clients/login",
            fields: [.clientID, .clientSecret, .audience, .grantType, .scope, .resources, .parameters],
            format: .json, clientAuthentication: .post, defaultAudience: "https://butlrauth/"),
        password: Request(
            path: "/api/v2/login",
            fields: [.username, .password],
            format: .json, clientAuthentication: ClientAuthentication.none, defaultAudience: nil),
        refreshFormat: .json,
        responseFields: .standard)

    /// Any token endpoint after RFC 6749.
    public static let oauth2 = Provider(
        name: "oauth2",
        baseURL: nil,
        clientCredentials: Request(
            path: nil,
            fields: [.grantType, .clientID, .clientSecret, .scope, .audience, .resources, .parameters],
            format: .form, clientAuthentication: nil, defaultAudience: nil),
        password: Request(
            path: nil,
            fields: [
                .grantType, .username, .password, .clientID, .clientSecret, .scope, .audience, .resources,
                .parameters,
            ],
            format: .form, clientAuthentication: nil, defaultAudience: nil),
        refreshFormat: nil,
        responseFields: .standard)

    /// The words in the config for all of them.
    public static var names: [String] { [butlr.name, oauth2.name] }

    /// The one with that name.
    public static func named(_ name: String) -> Provider? {
        if name == butlr.name { return butlr }
        return name == oauth2.name ? oauth2 : nil
    }
}
