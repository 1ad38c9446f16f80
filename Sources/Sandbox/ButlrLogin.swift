// Butlr's own two endpoints, <https://docs.butlr.io/getting-started/authentication>. They take JSON with fixed
// members; the sandbox refuses anything else, so that a mistake shows here and not at Butlr.

extension Provider {
    /// `POST /api/v2/login`: a user's name and password for tokens with a refresh token.
    mutating func login(
        _ request: HTTPServer.Request, _ terms: TokenRegistry.Terms
    ) throws(OAuthError) -> IssuedTokens {
        let members = try jsonMembers(of: request, required: ["username", "password"])
        guard let username = members["username"], options.users[username] == members["password"] else {
            throw OAuthError(status: 401, code: "invalid_grant", description: "Wrong email or password.")
        }
        return tokens.issue(
            Login(
                subject: username, clientID: nil, audience: butlrAudience, scope: defaultUserScope,
                isUser: true),
            terms)
    }

    /// `POST /api/v2/clients/login`: a client's ID and secret for an access token alone.
    mutating func clientsLogin(
        _ request: HTTPServer.Request, _ terms: TokenRegistry.Terms
    ) throws(OAuthError) -> IssuedTokens {
        let members = try jsonMembers(
            of: request, required: ["client_id", "client_secret", "audience", "grant_type"],
            optional: ["scope"])
        guard members["audience"] == butlrAudience else {
            throw .invalidRequest("The audience must be \"\(butlrAudience)\".")
        }
        guard members["grant_type"] == GrantType.clientCredentials.rawValue else {
            throw .invalidRequest("The grant_type must be \"\(GrantType.clientCredentials.rawValue)\".")
        }
        guard let id = members["client_id"], options.clients[id] == members["client_secret"] else {
            throw OAuthError(status: 401, code: "access_denied", description: "Unauthorized")
        }
        return tokens.issue(
            Login(
                subject: id, clientID: id, audience: butlrAudience,
                scope: members["scope"] ?? defaultClientScope, isUser: false),
            terms)
    }
}

private let butlrAudience = "https://butlrauth/"

/// The members of a JSON request: all that are required, and none that are not known.
private func jsonMembers(
    of request: HTTPServer.Request, required: [String], optional: [String] = []
) throws(OAuthError) -> [String: String] {
    guard request.mediaType == "application/json" else {
        throw .invalidRequest("The Content-Type must be application/json.")
    }
    let members = try stringMembers(of: request.body)
    for name in required where members[name] == nil {
        throw .invalidRequest("The member \"\(name)\" is missing.")
    }
    for name in members.keys.sorted() where !required.contains(name) && !optional.contains(name) {
        throw .invalidRequest("The member \"\(name)\" is not known here.")
    }
    return members
}

extension HTTPServer.Request {
    /// `Content-Type` without its parameters.
    var mediaType: String {
        trimmed((header("Content-Type") ?? "").prefix { $0 != ";" }).lowercased()
    }
}
