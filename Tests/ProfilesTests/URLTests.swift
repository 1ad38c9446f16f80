import Platform
import Testing

@testable import Profiles

@Suite struct URLNormalisationTests {
    @Test(arguments: [
        ("https://example.com", "https://example.com/"),
        ("HTTPS://EXAMPLE.Com:443/A", "https://example.com/A"),
        ("https://example.com:", "https://example.com/"),
        ("https://example.com:0443", "https://example.com/"),
        ("https://example.com:8443/x", "https://example.com:8443/x"),
        ("https://example.com.", "https://example.com/"),
        ("https://example.com?q=/x#y", "https://example.com/"),
        ("https://example.com#@evil.org/", "https://example.com/"),
        ("https://example.com?@evil.org/", "https://example.com/"),
        ("https://ada@example.com/", "https://example.com/"),
        ("https://ada:pw%40x@example.com:8443/", "https://example.com:8443/"),
        ("https://example.com@evil.org/", "https://evil.org/"),
        ("https://example.com:443@evil.org/", "https://evil.org/"),
        ("https://example.com/a@b", "https://example.com/a@b"),
        ("grpcs://example.com/x", "https://example.com/x"),
        ("sparse+https://example.com/index/", "https://example.com/index/"),
        ("git+https://example.com/r.git", "https://example.com/r.git"),
        ("http://localhost:80/", "http://localhost/"),
        ("http://a.b.localhost", "http://a.b.localhost/"),
        ("grpc://127.1.2.3", "http://127.1.2.3/"),
        ("sparse+http://[::1]:8000/", "http://[::1]:8000/"),
        ("http://[0:0:0:0:0:0:0:1]/", "http://[::1]/"),
        ("https://[2001:DB8:0:0::1]", "https://[2001:db8::1]/"),
        ("https://[::ffff:1.2.3.4]/", "https://[::ffff:1.2.3.4]/"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("https://BÜCHER.example/", "https://xn--bcher-kva.example/"),
        ("https://xn--BCHER-kva.example/", "https://xn--bcher-kva.example/"),
        // The Kelvin sign is a k to every library that lowers case.
        ("https://\u{212A}.example/", "https://k.example/"),
        ("https://my_host.example/", "https://my_host.example/"),
        ("https://example.com/a/./b/../c", "https://example.com/a/c"),
        ("https://example.com/a/%2e%2E/b", "https://example.com/b"),
        ("https://example.com/a/%2e/b", "https://example.com/a/b"),
        ("https://example.com/../../x", "https://example.com/x"),
        ("https://example.com/a/..", "https://example.com/"),
        ("https://example.com/a/b/.", "https://example.com/a/b/"),
        ("https://example.com/a//b", "https://example.com/a//b"),
        ("https://example.com/%61%7e%2d", "https://example.com/a~-"),
        ("https://example.com/%c3%A9/é", "https://example.com/%C3%A9/%C3%A9"),
        ("https://example.com/%2f/%3f", "https://example.com/%2F/%3F"),
        ("https://example.com/a[b]{c}", "https://example.com/a%5Bb%5D%7Bc%7D"),
        ("https://example.com/...", "https://example.com/..."),
        ("https://example.com/.a/..b", "https://example.com/.a/..b"),
    ])
    func normalises(text: String, expected: String) {
        #expect(RequestedURL(text)?.description == expected)
    }

    @Test(arguments: [
        "", "example.com", "//example.com", "https:", "https:/example.com", "https:example.com", "https://",
        "https:///x", "https://?", "https://#", "https://@/", "https://:443/", "https://ada@",
        "ftp://example.com", "ssh://example.com", "httpss://example.com", "file:///etc",
        " https://example.com",
        "javascript://example.com", "+https://example.com", "https+git://example.com",
        // Plain http is for this machine.
        "http://example.com", "http://10.0.0.1", "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://[::2]", "http://[::ffff:127.0.0.1]", "http://128.0.0.1", "grpc://example.com",
        "http://xlocalhost", "http://0.0.0.0", "git+http://example.com",
        // Characters.
        "https://exa mple.com", "https://example.com/a b", "https://example.com/\t", "https://example.com/\n",
        "https://example.com\r\nHost: x", "https://example.com\\@evil.org", "https://example.com/\\evil.org",
        "https:\\\\example.com", "https://example.com/\u{7F}", "https://example.com\u{0}.evil.org",
        "https://ex%61mple.com", "https://example.com%2eevil.org", "https://example.com%00",
        "https://a!b.com",
        "https://a,b", "https://a;b", "https://a'b", "https://<a>", "https://a|b", "https://a^b",
        "https://a`b",
        "https://*.example.com", "https://*", "https://exam*ple.com",
        // Userinfo.
        "https://a@b@example.com", "https://a@@example.com", "https://[@example.com",
        "https://a[b]@example.com",
        "https://a<b@example.com",
        // Ports.
        "https://example.com:65536", "https://example.com:0", "https://example.com:-1",
        "https://example.com:+443",
        "https://example.com:44a", "https://example.com:443:443", "https://example.com:000443",
        "https://example.com:４４３", "https://example.com::443",
        // Addresses.
        "https://[::1", "https://::1]", "https://[::1]x", "https://[::1]]", "https://[]", "https://[1.2.3.4]",
        "https://[fe80::1%25eth0]", "https://[fe80::1%eth0]", "https://[:::1]", "https://[12345::]",
        "https://::1", "https://[\u{301}::1]", "https://[::1]\u{301}",
        "https://127.1", "https://2130706433", "https://0x7f000001", "https://0177.0.0.1",
        "https://127.0.0.1.2",
        "https://256.1.1.1", "https://1.2.3", "https://a.1", "https://1.2.3.0x4", "https://127.0.0.01",
        // Names.
        "https://a..b", "https://.a", "https://a..", "https://.", "https://..",
        "https://" + String(repeating: "a", count: 64) + ".com",
        "https://" + Array(repeating: "abcdefg", count: 32).joined(separator: "."),
        // What some libraries turn into a dot, a slash or another delimiter (Unicode NFKC).
        "https://example。com", "https://example．com", "https://example｡com", "https://example․com",
        "https://a⒈com", "https://evil.c℀.example.com", "https://evil.org／.example.com",
        "https://evil.org＃.example.com", "https://evil.org？.example.com", "https://evil.org＠example.com",
        "https://evil.org：80.example.com", "https://exa\u{AD}mple.com", "https://exa\u{200B}mple.com",
        "https://exa\u{200D}mple.com", "https://\u{202E}moc.elpmaxe", "https://a.\u{301}b.com",
        "https://☃.net",
        // Paths.
        "https://example.com/%", "https://example.com/%4", "https://example.com/%zz",
        "https://example.com/%00",
        "https://example.com/a%0d%0ab", "https://example.com/%7f", "https://example.com/a/..%2fb",
        "https://example.com/a/%2e%2e%2Fb", "https://example.com/a%2f..%2fb", "https://example.com/a/..%5cb",
        "https://example.com/a/..;/b", "https://example.com/a/.;x/b", "https://example.com/a%2f../b;/..;a=b",
        // Length.
        "https://example.com/" + String(repeating: "a", count: 8192),
    ])
    func refuses(text: String) {
        #expect(RequestedURL(text) == nil, "\(RequestedURL(text)?.description ?? "")")
    }

    @Test func acceptsTheLongestNames() {
        let label = String(repeating: "a", count: 63)
        #expect(RequestedURL("https://\(label).com") != nil)
        #expect(RequestedURL("https://example.com/" + String(repeating: "a", count: 8172)) != nil)
    }

    @Test(arguments: [
        ("https", "example.com", nil, "https://example.com/"),
        ("https", "example.com", "", "https://example.com/"),
        ("https", "example.com:8443", "org/r.git", "https://example.com:8443/org/r.git"),
        ("HTTPS", "Example.COM.", "/org//r", "https://example.com/org//r"),
        ("git+https", "example.com", nil, "https://example.com/"),
        ("http", "localhost:3000", "x", "http://localhost:3000/x"),
        ("https", "[::1]:8443", nil, "https://[::1]:8443/"),
        // git has decoded the path.
        ("https", "dev.azure.com", "org/My Project/_git/x", "https://dev.azure.com/org/My%20Project/_git/x"),
        ("https", "example.com", "100%/é?#", "https://example.com/100%25/%C3%A9%3F%23"),
        ("https", "example.com", "org/../x", "https://example.com/x"),
    ])
    func isPutTogether(scheme: String, host: String, path: String?, expected: String) {
        #expect(RequestedURL(scheme: scheme, host: host, path: path)?.description == expected)
    }

    @Test(arguments: [
        ("https", "", nil), ("https", "a/b", nil), ("https", "a?b", nil), ("https", "a#b", nil),
        ("https", "ada@a", nil), ("https", "a b", nil), ("https", "a\nb", nil), ("https", "a\\b", nil),
        ("https", "a%2eb", nil), ("https", "*.a", nil), ("https", "a:b", nil), ("https", "a:1:2", nil),
        ("", "a", nil), ("ssh", "a", nil), ("https://", "a", nil), ("http", "a", nil),
        ("https", "a", "x\ny"), ("https", "a", "x\u{0}"),
        ("https", String(repeating: "a.", count: 5000), nil),
        ("https", "a", String(repeating: "a", count: 9000)),
    ])
    func isNotPutTogether(scheme: String, host: String, path: String?) {
        #expect(RequestedURL(scheme: scheme, host: host, path: path) == nil)
    }

    @Test(
        arguments: [
            ("ghcr.io", "https://ghcr.io/", nil),
            ("GHCR.io:443/org/x", "https://ghcr.io/org/x", nil),
            ("localhost", "https://localhost/", "http://localhost/"),
            ("localhost:5000/x", "https://localhost:5000/x", "http://localhost:5000/x"),
            ("127.0.0.1:5000", "https://127.0.0.1:5000/", "http://127.0.0.1:5000/"),
            ("[::1]", "https://[::1]/", "http://[::1]/"),
        ] as [(String, String, String?)])
    func hostsWithoutASchemeMeanHTTPS(text: String, secure: String, plain: String?) {
        let url = RequestedURL.host(text)
        #expect(url?.description == secure)
        #expect(url?.plain?.description == plain)
    }

    @Test(arguments: [
        "", "/", "https://ghcr.io", "ghcr.io?x", "ghcr.io/x?y", "ghcr.io#x", "ada@ghcr.io", "gh cr.io",
        "ghcr.io\\x",
        "ghcr.io:x", "a:b:c", "../x", "*.ghcr.io",
    ])
    func someHostsMeanNothing(text: String) {
        #expect(RequestedURL.host(text) == nil)
    }
}

@Suite struct URLPatternTests {
    @Test(arguments: [
        ("https://example.com", "https://example.com/any/thing?x", true),
        ("https://example.com/", "https://example.com", true),
        ("https://Example.COM:443/", "https://example.com", true),
        ("https://example.com.", "https://example.com", true),
        ("https://ada@example.com", "https://example.com", true),
        ("https://example.com", "https://example.com.", true),
        ("https://example.com", "https://ada:pw@example.com", true),
        ("https://example.com", "https://evilexample.com", false),
        ("https://example.com", "https://example.com.evil.org", false),
        ("https://example.com", "https://example.com@evil.org", false),
        ("https://example.com", "https://evil.org/example.com", false),
        ("https://example.com", "https://evil.org?https://example.com", false),
        ("https://example.com", "https://evil.org#example.com", false),
        ("https://example.com", "https://sub.example.com", false),
        ("https://sub.example.com", "https://example.com", false),
        ("https://example.com", "https://example.co", false),
        ("https://example.com", "https://example.com:8443", false),
        ("https://example.com:8443", "https://example.com", false),
        ("https://example.com:8443", "https://example.com:8443/x", true),
        ("https://localhost", "http://localhost", false),
        ("http://localhost", "https://localhost", false),
        ("http://localhost:3000", "http://localhost:3000/x", true),
        ("http://*.localhost", "http://a.localhost", true),
        ("grpcs://example.com", "https://example.com", true),
        ("https://*.example.com", "https://a.example.com", true),
        ("https://*.example.com", "https://a.b.example.com/x", true),
        ("https://*.example.com", "https://example.com", false),
        ("https://*.example.com", "https://evilexample.com", false),
        ("https://*.example.com", "https://a.example.com.evil.org", false),
        ("https://*.example.com", "https://a.example.com:8443", false),
        ("https://*.example.com:8443", "https://a.example.com:8443", true),
        ("https://*.EXAMPLE.com./", "https://A.example.com", true),
        ("https://*.bücher.example", "https://a.xn--bcher-kva.example", true),
        ("https://bücher.example", "https://xn--bcher-kva.example", true),
        ("https://example.com/org", "https://example.com/org", true),
        ("https://example.com/org", "https://example.com/org/", true),
        ("https://example.com/org", "https://example.com/org/x", true),
        ("https://example.com/org", "https://example.com/org?x", true),
        ("https://example.com/org/", "https://example.com/org", true),
        ("https://example.com/org/", "https://example.com/org/x", true),
        ("https://example.com/org", "https://example.com/organ", false),
        ("https://example.com/org", "https://example.com/", false),
        ("https://example.com/org", "https://example.com/Org", false),
        ("https://example.com/org", "https://example.com/x/org", false),
        ("https://example.com/org", "https://example.com/org/../x", false),
        ("https://example.com/org", "https://example.com/org/%2e%2e/x", false),
        ("https://example.com/org", "https://example.com/org%2Fx", false),
        ("https://example.com/org", "https://example.com/%6Frg/x", true),
        ("https://example.com/%6frg", "https://example.com/org", true),
        ("https://example.com/a/../org", "https://example.com/org", true),
        ("https://example.com/a%20b", "https://example.com/a%20b/c", true),
        ("https://[2001:db8::1]", "https://[2001:DB8:0::0:1]/", true),
        ("https://127.0.0.1", "https://127.0.0.2", false),
    ])
    func matches(pattern: String, url: String, expected: Bool) throws {
        let url = try #require(RequestedURL(url))
        #expect((try URLPattern(parsing: pattern).matches(url) != nil) == expected)
        // The short way may say nothing, but never the contrary.
        if expected {
            #expect(!surelyMisses(pattern, url))
        }
    }

    @Test(arguments: [
        ("https://example.com/x", "https://example.org"), ("https://example.com:8443", "https://a.com"),
        ("http://example.com", "https://example.org"), ("https://*.example.com", "https://example.com"),
        ("https://*.example.com", "https://aexample.com"),
        ("https://*.example.com/x", "https://a.example.org"),
    ])
    func plainPatternsAreRuledOutUnread(pattern: String, url: String) throws {
        #expect(surelyMisses(pattern, try #require(RequestedURL(url))))
    }

    @Test(arguments: [
        "https://Example.org", "https://ada@example.com", "https://a:1@example.com",
        "https://a.b:@example.com",
        "https://example.com.", "https://example.com.:443", "HTTPS://example.com", "https://bücher.example",
        "https://[::1]", "https://ex%61mple.com", "", "https://", "https://*", "https://*.", "x", "https:///",
        "https://example.com?", "https://a_b",
    ])
    func otherPatternsAreNot(pattern: String) throws {
        #expect(!surelyMisses(pattern, try #require(RequestedURL("https://other.net"))))
    }

    @Test(arguments: [
        ("http://example.com", "plain http"), ("example.com", "https://"), ("ftp://example.com", "https://"),
        ("https://*", "*"), ("https://*.", "host"), ("https://a.*.com", "*"), ("https://*a.com", "*"),
        ("https://*.*.com", "*"), ("https://*.1.2.3.4", "*"), ("https://*.[::1]", "port"), ("*", "https://"),
        ("https://example.com/?x", "query"), ("https://example.com/#x", "fragment"), ("https://a b", "blank"),
        ("https://a:99999", "port"), ("https://[::1", "IP address"), ("https://1.2.3", "IP address"),
        ("https://a/%", "path"), ("https://a@b@c", "user name"), ("https://a..b", "host"), ("", "https://"),
        ("https://" + String(repeating: "a", count: 9000), "too long"),
    ])
    func refuses(pattern: String, why: String) throws {
        let error = try #require(throws: HelperError.self) { try URLPattern(parsing: pattern) }
        #expect(error.code == .config)
        #expect(error.message.contains(why), "\(error.message)")
    }

    /// Each is more specific than the next.
    @Test func specificityIsOrdered() throws {
        let url = try #require(RequestedURL("https://a.b.example.com/x/y/z"))
        let matches = try [
            "https://a.b.example.com/x/y", "https://a.b.example.com/x", "https://a.b.example.com",
            "https://*.b.example.com/x", "https://*.b.example.com", "https://*.example.com/x/y/z",
            "https://*.com",
        ].map { try #require(try URLPattern(parsing: $0).matches(url)) }
        for (left, right) in zip(matches, matches.dropFirst()) { #expect(left > right) }
        #expect(try URLPattern(parsing: "https://A.B.example.com:443/x/").matches(url) == matches[1])
    }

    private func surelyMisses(_ pattern: String, _ url: RequestedURL) -> Bool {
        Array(pattern.utf8).withUnsafeBytes { pattern in
            Array(url.url.host.utf8).withUnsafeBytes { URLPattern.surelyMisses(pattern, host: $0) }
        }
    }
}
