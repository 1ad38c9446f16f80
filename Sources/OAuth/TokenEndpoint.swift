import HTTP
import Platform

/// Why a token request gave no token, sorted by what may have become of the request.
public enum TokenFailure: Error, Equatable, Sendable {
    /// It surely never arrived.
    case notSent(HelperError)
    /// It may have arrived and been acted on; the answer is lost, or cannot be understood.
    case lost(HelperError)
    /// The server was too busy to act on it (429, 503).
    case busy(HelperError)
    /// The server answered something else, with this OAuth error code if it gave one (RFC 6749 §5.2).
    case refused(oauthError: String?, HelperError)

    public var error: HelperError {
        switch self {
        case .notSent(let error), .lost(let error), .busy(let error), .refused(_, let error): error
        }
    }
}

/// A server that issues tokens.
public struct TokenEndpoint: Sendable {
    private let client: HTTPClient
    private let route: HTTPRoute
    private let names: TokenResponse.MemberNames
    private let clock: Clock

    public init(client: HTTPClient, route: HTTPRoute, names: TokenResponse.MemberNames, clock: Clock) {
        self.client = client
        self.route = route
        self.names = names
        self.clock = clock
    }

    /// Asks once for a token.
    public func send(_ request: TokenRequest, _ deadline: Deadline) throws(TokenFailure) -> TokenResponse {
        let server = quoted(request.endpoint)
        let sent = clock.now()
        var response: HTTPResponse
        do {
            response = try client.send(request.httpRequest, over: route, deadline)
        } catch {
            throw TokenEndpoint.failure(error, server, through: route.proxy)
        }
        let exchange = Exchange(sent: sent, received: clock.now(), date: response.date)
        guard (200..<300).contains(response.status) else {
            throw TokenEndpoint.refusal(response, server, request.redacting)
        }
        guard var body = response.body.take() else {
            throw .lost(.init(.providerError, "\(server) sent more than 1 MiB"))
        }
        defer { body.wipe() }
        do {
            return try TokenResponse(parsing: body, names: names, exchange)
        } catch {
            if error.isCut {
                throw .lost(.init(.temporaryFailure, "\(server) did not answer in full: \(error.reason)"))
            }
            // Not cut before that: a part of a secret would not be known for one.
            let quote = error.quote.map { " \"\(quoted(request.redacting($0), limit: 60))\"" }
            let reason = error.reason + (quote ?? "")
            throw .lost(
                .init(
                    .providerError, "\(server) answered \(response.status), but with no token: \(reason)",
                    hint: "check that this address is a token endpoint"))
        }
    }

    /// By way of which proxy, as a part of a sentence; empty where the profile names none.
    public static func way(_ proxy: String?) -> String {
        guard let proxy, !proxy.isEmpty else { return "" }
        return " through the proxy \(quoted(proxy))"
    }

    /// What to do where this machine cannot make a request at all.
    public static let unusableHint = "check ca-file and proxy, and that libcurl is installed"

    /// - Parameter proxy: the one that the profile names.
    private static func failure(
        _ failure: HTTPFailure, _ server: String, through proxy: String?
    ) -> TokenFailure {
        switch failure {
        case .notSent(let reason):
            .notSent(
                .init(.temporaryFailure, "\(server) cannot be reached\(TokenEndpoint.way(proxy)): \(reason)"))
        case .refusedByProxy(let status):
            .notSent(
                .init(
                    (400..<500).contains(status) ? .providerError : .temporaryFailure,
                    "\(server) cannot be reached: the proxy answered \(status)"))
        case .interrupted(let reason):
            .lost(.init(.temporaryFailure, "\(server) did not answer: \(reason)"))
        case .tls(let reason):
            .notSent(
                .init(
                    .tlsError, "the TLS connection to \(server) was not accepted: \(reason)",
                    hint: "name the server's certificate authority with ca-file, if it is a private one"))
        case .malformed(let reason):
            .lost(.init(.providerError, "\(server) gave no HTTP response: \(reason)"))
        case .unusable(let reason):
            .notSent(
                .init(
                    .config, "no request to \(server) can be made: \(reason)",
                    hint: unusableHint))
        }
    }

    /// What a status other than 2xx means.
    private static func refusal(
        _ response: HTTPResponse, _ server: String, _ redacting: (String) -> String
    ) -> TokenFailure {
        let json = response.body.flatMap { try? JSON(parsing: $0) }
        let oauthError = json?["error"]?.string
        var message = "\(server) answered \(response.status)"
        if let oauthError {
            let description = json?["error_description"]?.string
            let said = [oauthError, description].compactMap(\.self).map { quoted(redacting($0)) }
            message += " (\(said.joined(separator: ": ")))"
        }
        let code = errorCode(
            response.status, oauthError,
            isJSONOrEmpty: json != nil || response.body?.isEmpty == true)
        if (300..<400).contains(response.status), let target = response.redirect {
            message += ", a redirect to \(quoted(redacting(target)))"
        }
        var error = HelperError(code, message, hint: oauthError.flatMap(hint))
        if code == .temporaryFailure { error.retryAfter = response.retryAfter }
        if response.status == 429 || response.status == 503 { return .busy(error) }
        return .refused(oauthError: oauthError, error)
    }

    /// Which of the profile's keys to look at, where it is not those that prove who asks (RFC 6749 §5.2,
    /// RFC 8707 §2).
    private static func hint(_ oauthError: String) -> String? {
        switch oauthError {
        case "invalid_scope": "check the profile's scope"
        case "invalid_target": "check the profile's audience and resource"
        case "unsupported_grant_type": "check the profile's grant, which this provider does not have"
        case "unauthorized_client":
            "check the profile's grant, which the provider does not let this client use"
        default: nil
        }
    }

    private static func errorCode(
        _ status: Int, _ oauthError: String?, isJSONOrEmpty: Bool
    ) -> HelperError.Code {
        switch status {
        case 408, 425, 429, 500...: return .temporaryFailure
        case 404, 405: return .providerError
        case 400..<500: break
        default: return .providerError
        }
        switch oauthError {
        case "invalid_grant", "access_denied": return .credentialsRejected
        case "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
            "invalid_target":
            return .config
        case "temporarily_unavailable", "server_error", "slow_down": return .temporaryFailure
        default: break
        }
        if status == 401 || (status == 403 && isJSONOrEmpty) { return .credentialsRejected }
        return .providerError
    }
}
