import Platform

@testable import Profiles

/// A pattern, a newline, and a URL as a tool might send it: a token never goes to an origin that the pattern does not
/// name, with libcurl, which git and many others send it with, as the judge of where it would go.
func fuzzURL(_ input: [UInt8]) {
    let parts = input.split(separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let patternText = String(validating: parts[0], as: UTF8.self),
        let text = String(validating: parts[1], as: UTF8.self)
    else { return }
    let pattern: URLPattern?
    do throws(HelperError) {
        pattern = try URLPattern(parsing: patternText)
    } catch {
        expectHarmless(error)
        pattern = nil
    }
    let requests = [RequestedURL(text), RequestedURL.host(text)].compactMap(\.self)
    for request in requests {
        expectStable(request)
        guard let pattern else { continue }
        let matches = pattern.matches(request) != nil
        expectTheShortWayAgrees(patternText, request, matches)
        if matches { expectSameOrigin(patternText, pattern, text) }
    }
}

/// What was understood is understood the same again.
private func expectStable(_ request: RequestedURL) {
    let text = request.description
    expect(text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }, text)
    expect(RequestedURL(text)?.description == text, "\(text) is not stable")
}

private func expectTheShortWayAgrees(_ pattern: String, _ request: RequestedURL, _ matches: Bool) {
    let misses = Array(pattern.utf8).withUnsafeBytes { pattern in
        Array(request.url.host.utf8).withUnsafeBytes { URLPattern.surelyMisses(pattern, host: $0) }
    }
    expect(!(misses && matches), "\(pattern) is ruled out, but matches \(request)")
}

private func expectSameOrigin(_ patternText: String, _ pattern: URLPattern, _ text: String) {
    // libcurl knows no `git+https`, and takes a text without a scheme by guessing.
    var url = text
    if let range = text.range(of: "://") {
        let scheme = text[..<range.lowerBound].lowercased()
        expect(HTTPURL.isSecure(scheme: scheme) != nil, "scheme of \(text)")
        url = (HTTPURL.isSecure(scheme: scheme)! ? "https" : "http") + text[range.lowerBound...]
    } else {
        url = "https://" + text
    }
    guard let judged = CurlURL(url) else { return }
    // It has its own opinion of letters that the DNS does not know.
    guard judged.host.utf8.allSatisfy({ $0 < 0x80 }) else { return }
    var host = judged.host.lowercased()
    if host.hasSuffix(".") { host.removeLast() }
    let listed = pattern.url.host
    let isListed = pattern.url.isWildcard ? host.hasSuffix("." + listed) : host == listed
    expect(isListed, "\(patternText) lets a token go to \(host) for \(text)")
    expect(
        judged.port == pattern.url.port, "\(patternText) lets a token go to port \(judged.port) for \(text)")
}

extension String {
    fileprivate func range(of part: String) -> Range<String.Index>? {
        utf8.indices.first { utf8[$0...].starts(with: part.utf8) }
            .map { $0..<utf8.index($0, offsetBy: part.utf8.count) }
    }
}

/// A URL as libcurl understands it (libcurl-url(3)).
private struct CurlURL {
    let host: String
    let port: UInt16

    /// `nil` for a text that it takes for no URL.
    init?(_ text: String) {
        guard let curl = CurlURL.library else { return nil }
        let handle = curl.make()
        defer { curl.free(handle) }
        // CURLUPART_URL
        guard curl.set(handle, 0, text, 0) == 0,
            // CURLUPART_HOST; CURLUPART_PORT with CURLU_DEFAULT_PORT
            let host = CurlURL.part(curl, handle, 5, 0), let port = CurlURL.part(curl, handle, 6, 1)
        else { return nil }
        self.host = host
        self.port = UInt16(port) ?? 0
    }

    private static func part(_ curl: Library, _ handle: OpaquePointer?, _ part: CInt, _ flags: CUnsignedInt)
        -> String?
    {
        var text: UnsafeMutablePointer<CChar>?
        guard curl.get(handle, part, &text, flags) == 0, let text else { return nil }
        defer { curl.freeText(text) }
        return String(cString: text)
    }

    private struct Library: Sendable {
        let make: @Sendable @convention(c) () -> OpaquePointer?
        let free: @Sendable @convention(c) (OpaquePointer?) -> Void
        let set: @Sendable @convention(c) (OpaquePointer?, CInt, UnsafePointer<CChar>, CUnsignedInt) -> CInt
        let get:
            @Sendable @convention(c) (
                OpaquePointer?, CInt, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, CUnsignedInt
            ) -> CInt
        let freeText: @Sendable @convention(c) (UnsafeMutableRawPointer?) -> Void
    }

    private static let library: Library? = {
        guard
            let curl = dlopen("libcurl.so.4", RTLD_NOW) ?? dlopen("libcurl-gnutls.so.4", RTLD_NOW)
        else { return nil }
        func symbol<Function>(_ name: String, _ type: Function.Type) -> Function {
            unsafeBitCast(dlsym(curl, name)!, to: type)
        }
        return Library(
            make: symbol("curl_url", (@Sendable @convention(c) () -> OpaquePointer?).self),
            free: symbol("curl_url_cleanup", (@Sendable @convention(c) (OpaquePointer?) -> Void).self),
            set: symbol(
                "curl_url_set",
                (@Sendable @convention(c) (OpaquePointer?, CInt, UnsafePointer<CChar>, CUnsignedInt) -> CInt)
                    .self),
            get: symbol(
                "curl_url_get",
                (@Sendable @convention(c) (
                    OpaquePointer?, CInt, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, CUnsignedInt
                ) -> CInt).self),
            freeText: symbol("curl_free", (@Sendable @convention(c) (UnsafeMutableRawPointer?) -> Void).self))
    }()
}
