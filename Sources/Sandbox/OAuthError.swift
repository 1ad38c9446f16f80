/// An error response of a token endpoint (RFC 6749 §5.2).
struct OAuthError: Error {
    var status: Int
    var code: String
    var description: String
    var headers: HTTPServer.Headers = []

    var response: HTTPServer.Response {
        let content: JSONText = ["error": .string(code), "error_description": .string(description)]
        var response = HTTPServer.Response(status: status, json: content.description)
        response.headers += headers
        return response
    }

    static func invalidRequest(_ description: String) -> OAuthError {
        OAuthError(status: 400, code: "invalid_request", description: description)
    }

    static func invalidGrant(_ description: String) -> OAuthError {
        OAuthError(status: 400, code: "invalid_grant", description: description)
    }

    /// The challenge is due where the client tried the `Authorization` header, and harmless elsewhere.
    static func invalidClient(_ description: String) -> OAuthError {
        OAuthError(
            status: 401, code: "invalid_client", description: description,
            headers: [(name: "WWW-Authenticate", value: "Basic realm=\"butlr-sandbox\"")])
    }

    /// A failure that was ordered, whatever the request was.
    static func ordered(status: Int) -> OAuthError {
        let code =
            switch status {
            case 401, 403: "access_denied"
            case 429: "too_many_requests"
            case 503: "temporarily_unavailable"
            case 500...: "server_error"
            default: "invalid_request"
            }
        return OAuthError(
            status: status, code: code, description: "The sandbox was told to fail this request.",
            headers: status == 429 || status == 503 ? [(name: "Retry-After", value: "1")] : [])
    }
}
