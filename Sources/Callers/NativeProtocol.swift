import Broker
import Platform

extension Credential {
    /// The native protocol's answer, which is also a credential helper's for Bazel: no fraction in `expires`,
    /// header values in arrays (EngFlow credential-helper-spec).
    var json: JSON {
        .object(present: [
            "version": 1,
            "profile": .string(profile.name),
            "access_token": .string(accessToken.reveal()),
            "id_token": idToken.map { .string($0.reveal()) },
            "token_type": "Bearer",
            "expires": .string(expires.rfc3339),
            "scope": scope.map(JSON.string),
            "headers": ["Authorization": [.string("Bearer " + token.reveal())]],
            "source": .string(source.rawValue),
        ])
    }
}

/// The URL in a request.
///
/// - Throws: `no-profile` for one that will not parse: it can match nothing.
func requestedURL(_ text: String) throws(HelperError) -> RequestedURL {
    guard let url = RequestedURL(text) else {
        throw HelperError(
            .noProfile, "\"\(quoted(text))\" is not a URL that a profile could list",
            hint: RequestedURL.meant(by: text).map { "did you mean \(quoted($0))?" }
                ?? "write it as https://HOST/PATH")
    }
    return url
}

/// The place that a tool names without a scheme, or with one.
///
/// - Throws: `no-profile` for one that will not parse: it can match nothing.
func requestedHost(_ text: String) throws(HelperError) -> RequestedURL {
    guard let url = RequestedURL.host(text) else { return try requestedURL(text) }
    return url
}
