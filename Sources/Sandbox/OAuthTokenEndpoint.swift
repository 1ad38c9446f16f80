// A token endpoint as RFC 6749 has it, beside those of Butlr.

/// What is granted where a request names no scope.
let defaultUserScope = "openid profile email offline_access"
let defaultClientScope = "read"

extension Provider {
    /// `POST /oauth/token`
    mutating func oauthToken(
        _ request: HTTPServer.Request, _ terms: TokenRegistry.Terms
    ) throws(OAuthError) -> IssuedTokens {
        let parameters = try OAuthParameters(request)
        let grantName = try parameters.required("grant_type")
        guard let grant = GrantType(rawValue: grantName) else {
            throw OAuthError(
                status: 400, code: "unsupported_grant_type",
                description: "Known are password, client_credentials and refresh_token.")
        }
        let client = try client(request, parameters)
        let audience = parameters["audience"] ?? parameters["resource"] ?? terms.issuer
        switch grant {
        case .clientCredentials:
            guard let client, client.isAuthenticated else {
                throw .invalidClient("This grant needs the client's secret.")
            }
            return tokens.issue(
                Login(
                    subject: client.id, clientID: client.id, audience: audience,
                    scope: parameters["scope"] ?? defaultClientScope, isUser: false),
                terms)
        case .password:
            let username = try parameters.required("username")
            guard options.users[username] == (try parameters.required("password")) else {
                throw .invalidGrant("Wrong user name or password.")
            }
            return tokens.issue(
                Login(
                    subject: username, clientID: client?.id, audience: audience,
                    scope: parameters["scope"] ?? defaultUserScope, isUser: true),
                terms)
        case .refreshToken:
            return try tokens.redeem(
                parameters.required("refresh_token"), clientID: client?.id, scope: parameters["scope"],
                terms)
        }
    }

    /// The client that a request comes from; `nil` when it says nothing of that. A client that gives its ID
    /// and no secret is taken for a public one.
    private func client(
        _ request: HTTPServer.Request, _ parameters: OAuthParameters
    ) throws(OAuthError) -> (id: String, isAuthenticated: Bool)? {
        let bodyID = parameters["client_id"]
        let bodySecret = parameters["client_secret"]
        let credentials: (id: String, secret: String?)
        if let authorization = request.header("Authorization") {
            let basic = try basicCredentials(authorization)
            guard bodySecret == nil, bodyID == nil || bodyID == basic.id else {
                throw .invalidRequest("The client is to authenticate in one way only.")
            }
            credentials = basic
        } else if let bodyID {
            credentials = (bodyID, bodySecret)
        } else {
            guard bodySecret == nil else { throw .invalidRequest("client_secret comes without client_id.") }
            return nil
        }
        guard let secret = options.clients[credentials.id],
            credentials.secret == nil || credentials.secret == secret
        else { throw .invalidClient("Wrong client ID or secret.") }
        return (credentials.id, credentials.secret != nil)
    }
}

/// Basic authentication of a client, whose two parts are form-encoded first (RFC 6749 §2.3.1).
private func basicCredentials(_ authorization: String) throws(OAuthError) -> (id: String, secret: String?) {
    let parts = authorization.split(separator: " ")
    guard parts.count == 2, parts[0].lowercased() == "basic",
        let credentials = base64DecodedText(String(parts[1])),
        let colon = credentials.firstIndex(of: ":"),
        let id = formDecoded(credentials[..<colon]),
        let secret = formDecoded(credentials[credentials.index(after: colon)...])
    else { throw .invalidClient("The Authorization header holds no form-encoded Basic credentials.") }
    return (id, secret)
}

/// The parameters of a request to the token endpoint: a form, as the RFC has it, or a JSON object.
struct OAuthParameters {
    private var values: [String: String]

    init(_ request: HTTPServer.Request) throws(OAuthError) {
        switch request.mediaType {
        case "application/x-www-form-urlencoded":
            guard let pairs = formPairs(request.text) else {
                throw .invalidRequest("The content is not form-encoded.")
            }
            values = [:]
            for (name, value) in pairs where values.updateValue(value, forKey: name) != nil {
                // `resource` and `audience` may be repeated (RFC 8707 §2, RFC 8693 §2.1), nothing else may
                // (RFC 6749 §3.2).
                guard name == "resource" || name == "audience" else {
                    throw .invalidRequest("The parameter \"\(name)\" is repeated.")
                }
            }
        case "application/json": values = try stringMembers(of: request.body)
        default:
            throw .invalidRequest(
                "The Content-Type must be application/x-www-form-urlencoded or application/json.")
        }
    }

    /// A parameter without a value counts as left out (RFC 6749 §3.2).
    subscript(name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }

    func required(_ name: String) throws(OAuthError) -> String {
        guard let value = self[name] else { throw .invalidRequest("The parameter \"\(name)\" is missing.") }
        return value
    }
}
