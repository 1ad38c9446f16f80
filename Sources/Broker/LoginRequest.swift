import HTTP
import OAuth
import Platform
import Profiles

/// What a profile's client and user prove themselves with.
struct LoginSecrets: Sendable {
    var clientSecret: Secret?
    var password: Secret?
}

extension Profile {
    /// The server that this profile's tokens come from, and the way there.
    func endpoint(_ client: HTTPClient, _ clock: Clock) -> TokenEndpoint {
        TokenEndpoint(
            client: client, route: HTTPRoute(caFile: caFile, proxy: proxy),
            names: .init(
                accessToken: responseFields.accessToken, refreshToken: responseFields.refreshToken,
                idToken: responseFields.idToken, expiresIn: responseFields.expiresIn),
            clock: clock)
    }

    /// The request that logs in.
    func loginRequest(_ secrets: LoginSecrets) -> TokenRequest {
        TokenRequest(
            endpoint: tokenEndpoint, format: TokenRequest.Format(requestFormat),
            fields: provider.request(for: grant).fields.flatMap { values(of: $0, secrets) },
            basic: basic(secrets.clientSecret))
    }

    /// The request that redeems a refresh token (RFC 6749 §6). Without `scope`, that of the login stays.
    func refreshRequest(_ refreshToken: Secret, at endpoint: String, _ clientSecret: Secret?) -> TokenRequest
    {
        let secrets = LoginSecrets(clientSecret: clientSecret)
        let fields: [Provider.Field] = [.clientID, .clientSecret, .audience, .resources, .parameters]
        return TokenRequest(
            endpoint: endpoint, format: TokenRequest.Format(refreshRequestFormat),
            fields: [
                .init("grant_type", Secret("refresh_token")),
                .init("refresh_token", refreshToken),
            ] + fields.flatMap { values(of: $0, secrets) },
            basic: basic(clientSecret))
    }

    /// The client's id and secret where they travel in a header (RFC 6749 §2.3.1).
    private func basic(_ clientSecret: Secret?) -> (id: String, secret: Secret)? {
        guard clientAuthentication == .basic, let clientID, let clientSecret else { return nil }
        return (clientID, clientSecret)
    }

    private func values(of field: Provider.Field, _ secrets: LoginSecrets) -> [TokenRequest.Field] {
        let value: Secret?
        switch field {
        case .grantType: value = Secret(grant == .password ? "password" : "client_credentials")
        case .clientID: value = basic(secrets.clientSecret) == nil ? clientID.map(Secret.init) : nil
        case .clientSecret: value = clientAuthentication == .post ? secrets.clientSecret : nil
        case .username: value = username.map(Secret.init)
        case .password: value = secrets.password
        case .audience: value = audience.map(Secret.init)
        case .scope: value = scope.isEmpty ? nil : Secret(scope.joined(separator: " "))
        case .resources: return resources.map { .init(field.rawValue, Secret($0)) }
        case .parameters: return parameters.map { .init($0.name, Secret($0.value)) }
        }
        return value.map { [.init(field.rawValue, $0)] } ?? []
    }
}
