/// The emulated provider: its accounts, its tokens and its memory of requests. It answers one request at a
/// time and waits for nothing; delays are left to the server.
struct Provider {
    var options: SandboxOptions
    var tokens = TokenRegistry()
    private(set) var requests: [TokenRequest] = []

    init(_ options: SandboxOptions) { self.options = options }

    mutating func answer(_ request: HTTPServer.Request) -> HTTPServer.Response {
        let now = currentMilliseconds() + Int64(options.clockOffset) * 1000
        var response = route(request, now)
        response.headers.append((name: "Date", value: httpDate(milliseconds: now)))
        return response
    }

    private mutating func route(_ request: HTTPServer.Request, _ now: Int64) -> HTTPServer.Response {
        if let endpoint = TokenEndpoint(rawValue: request.path) {
            guard request.method == "POST" else { return wrongMethod(allowed: "POST") }
            return answer(request, at: endpoint, now)
        }
        switch request.path {
        case "/api/v3/graphql": return protectedResource(request, now)
        case "/_sandbox/requests":
            guard request.method == "GET" else { return wrongMethod(allowed: "GET") }
            let content: JSONText = ["requests": .array(requests.map(\.json))]
            return HTTPServer.Response(json: content.description)
        default:
            let known = TokenEndpoint.allCases.map(\.rawValue) + ["/api/v3/graphql", "/_sandbox/requests"]
            return OAuthError(
                status: 404, code: "not_found",
                description: "There is nothing here. Known are \(known.joined(separator: ", "))."
            ).response
        }
    }

    private mutating func answer(
        _ request: HTTPServer.Request, at endpoint: TokenEndpoint, _ now: Int64
    ) -> HTTPServer.Response {
        let terms = TokenRegistry.Terms(
            now: Int(now / 1000), issuer: request.baseURL + "/", expiresIn: options.expiresIn,
            rotates: options.rotatesRefreshTokens)
        var response: HTTPServer.Response
        do throws(OAuthError) {
            if let status = options.nextFailure() { throw OAuthError.ordered(status: status) }
            response =
                switch endpoint {
                case .login: try login(request, terms).response
                case .clientsLogin: try clientsLogin(request, terms).response
                case .oauth: try oauthToken(request, terms).response
                }
        } catch {
            response = error.response
        }
        response.delay = options.latency
        requests.append(
            TokenRequest(
                time: now, path: request.path, grant: endpoint.grant(of: request)?.rawValue,
                status: response.status))
        return response
    }

    /// Any method, any content: the token is all that counts.
    private func protectedResource(_ request: HTTPServer.Request, _ now: Int64) -> HTTPServer.Response {
        let authorization = request.header("Authorization")?.split(separator: " ") ?? []
        guard authorization.count == 2, authorization[0].lowercased() == "bearer",
            let subject = tokens.subject(ofAccessToken: String(authorization[1]), now: Int(now / 1000))
        else {
            return OAuthError(
                status: 401, code: "invalid_token",
                description: "The access token is missing, unknown, expired or revoked.",
                headers: [(name: "WWW-Authenticate", value: "Bearer error=\"invalid_token\"")]
            ).response
        }
        let content: JSONText = ["data": ["viewer": ["subject": .string(subject)]]]
        return HTTPServer.Response(json: content.description)
    }

    private func wrongMethod(allowed: String) -> HTTPServer.Response {
        OAuthError(
            status: 405, code: "method_not_allowed", description: "This path answers \(allowed) only.",
            headers: [(name: "Allow", value: allowed)]
        ).response
    }
}

/// The grants that the sandbox knows, by their `grant_type` (RFC 6749 §4.3, §4.4, §6).
enum GrantType: String {
    case password
    case clientCredentials = "client_credentials"
    case refreshToken = "refresh_token"
}

/// Where tokens are to be had.
enum TokenEndpoint: String, CaseIterable {
    case login = "/api/v2/login"
    case clientsLogin = "/api/v2/clients/login"
    case oauth = "/oauth/token"

    /// The grant that a request asks for, as far as that can be told.
    func grant(of request: HTTPServer.Request) -> GrantType? {
        switch self {
        case .login: .password
        case .clientsLogin: .clientCredentials
        case .oauth: (try? OAuthParameters(request))?["grant_type"].flatMap(GrantType.init)
        }
    }
}

extension IssuedTokens {
    /// RFC 6749 §5.1, which also asks for both headers against caching.
    var response: HTTPServer.Response {
        var members: [JSONText.Member] = [.init("access_token", .string(accessToken))]
        if let refreshToken { members.append(.init("refresh_token", .string(refreshToken))) }
        if let idToken { members.append(.init("id_token", .string(idToken))) }
        members += [
            .init("scope", .string(scope)), .init("expires_in", .number(expiresIn)),
            .init("token_type", "Bearer"),
        ]
        return HTTPServer.Response(
            headers: ["Cache-Control": "no-store", "Pragma": "no-cache"],
            json: JSONText.object(members).description)
    }
}
