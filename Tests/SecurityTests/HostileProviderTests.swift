import TestSupport
import Testing

/// A provider, or whoever sits in its place, that sends any bytes, of any size, at any pace.
@Suite struct HostileProviderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        let reply: ScriptedServer.Reply
        /// How long the answer may take; what never ends is given little.
        var timeout = "60s"

        init(_ name: String, _ code: String, _ reply: ScriptedServer.Reply, timeout: String = "60s") {
            (testDescription, self.code, self.reply, self.timeout) = (name, code, reply, timeout)
        }
    }

    /// The most memory that any of them may cost.
    static let memoryLimit = 32 << 20

    private static let good = #"{"access_token":"canary","token_type":"Bearer","expires_in":60}"#
    private static let escapes = #"\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e\u2028\r\n\u0000"#

    private static func body(_ text: String, status: Int = 200) -> ScriptedServer.Reply {
        .json(text, status: status)
    }

    private static func token(_ members: String) -> ScriptedServer.Reply {
        body(#"{"access_token":"canary","token_type":"Bearer",\#(members)}"#)
    }

    /// A body of nearly 1 MiB, which is read: an array of as many of these as fit.
    private static func crowd(of element: String) -> ScriptedServer.Reply {
        let count = ((1 << 20) - 64) / (element.utf8.count + 1)
        return body(
            #"{"access_token":"canary","x":["# + repeatElement(element, count: count).joined(separator: ",")
                + "]}")
    }

    /// What is too much.
    static let floods: [Case] = [
        Case("a body without end", "provider-error", .flood("x", after: "HTTP/1.1 200 OK\r\n\r\n")),
        Case(
            "a body of 10 GB", "provider-error",
            .flood(" ", after: "HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n{")),
        Case(
            "chunks without end", "provider-error",
            .flood(
                "400\r\n\(String(repeating: "x", count: 1024))\r\n",
                after: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")),
        Case(
            "an error page without end", "provider-error",
            .flood("x", after: "HTTP/1.1 400 Bad Request\r\n\r\n")),
        Case("headers without end", "provider-error", .flood("X: y\r\n", after: "HTTP/1.1 200 OK\r\n")),
        Case("a header without end", "provider-error", .flood("x", after: "HTTP/1.1 200 OK\r\nX: ")),
        Case("a status line without end", "provider-error", .flood("x", after: "HTTP/1.1 200 ")),
        Case("interim responses without end", "provider-error", .flood("HTTP/1.1 100 Continue\r\n\r\n")),
        Case(
            "trailers without end", "provider-error",
            .flood("X: y\r\n", after: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")),
        Case(
            "a chunk's extension without end", "temporary-failure",
            .flood("x", after: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"), timeout: "2s"),
        Case("noise without end", "provider-error", .flood("\u{0}\u{1b}[2J")),
        Case(
            "a thousand cookies", "provider-error",
            .raw(
                "HTTP/1.1 200 OK\r\n"
                    + (0..<2000).map { "Set-Cookie: c\($0)=\(String(repeating: "x", count: 50))\r\n" }
                    .joined()
                    + "\r\n" + good)),
        Case("a crowd of empty arrays", "provider-error", crowd(of: "[]")),
        Case("a crowd of small arrays", "provider-error", crowd(of: "[0]")),
        Case("a crowd of small objects", "provider-error", crowd(of: #"{"":0}"#)),
        Case("a crowd of numbers", "provider-error", crowd(of: "0")),
        Case("a crowd of texts", "provider-error", crowd(of: #""0123456789ab""#)),
        Case(
            "a crowd of members", "provider-error",
            body(
                #"{"access_token":"canary","# + (0..<80_000).map { #""\#($0)":0"# }.joined(separator: ",")
                    + "}")),
        Case(
            "a number of a million digits", "provider-error",
            token(#""expires_in":"# + String(repeating: "9", count: 1_000_000))),
        Case(
            "a text of a million escapes", "provider-error",
            body(#"{"error":"# + "\"" + String(repeating: #"\u001b"#, count: 170_000) + "\"}", status: 400)),
        Case(
            "a bomb in gzip", "provider-error",
            // A gigabyte, if somebody unpacked it.
            .http(
                [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 3] + [UInt8](repeating: 0, count: 1_000_000),
                headers: [("Content-Encoding", "gzip"), ("Content-Type", "application/json")])),
    ]

    @Test(.clients("python3"), arguments: floods)
    func aFloodCostsLittleMemory(_ flood: Case) async throws {
        let victim = try Victim("timeout = \(flood.timeout)", reply: flood.reply)
        let (result, peak) = try await victim.helper.measured("get")
        #expect(result.errorCode == flood.code, "\(result)")
        // A sanitizer has a memory of its own.
        if !isSanitized { #expect(peak <= Self.memoryLimit, "\(peak >> 10) KiB") }
        expectNoCanary(result)
        expectHarmless(result.errors)
        #expect(result.errors.utf8.count < 1000, "\(result)")
        // Nothing of it is kept.
        for file in try victim.helper.cacheFolder.files() { Issue.record("\(file) is kept") }
        for file in try victim.helper.stateFolder.files() {
            #expect(try victim.helper.stateFolder.readBytes(file).count < 4096, "\(file)")
        }
    }

    /// What comes so slowly that it never comes: the deadline holds, which the program's own limit shows.
    static let drips: [Case] = [
        Case(
            "headers", "temporary-failure",
            .raw("HTTP/1.1 200 OK\r\n" + repeated("X: y\r\n")).dripped(every: .milliseconds(20))),
        Case(
            "a header", "temporary-failure",
            .raw("HTTP/1.1 200 OK\r\nX: " + repeated("x")).dripped(every: .milliseconds(20))),
        Case(
            "a body", "temporary-failure",
            .raw("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + repeated("x")).dripped(
                every: .milliseconds(20))),
        Case(
            "chunks", "temporary-failure",
            .raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + repeated("1\r\nx\r\n")).dripped(
                every: .milliseconds(20))),
        Case(
            "interim responses", "temporary-failure",
            .raw(repeated("HTTP/1.1 103 Early Hints\r\n\r\n")).dripped(by: 28, every: .milliseconds(200))),
        Case("silence", "temporary-failure", .hang),
        Case(
            "silence behind the body", "temporary-failure",
            .raw("HTTP/1.1 200 OK\r\n\r\n" + good, then: .hang)),
    ]

    private static func repeated(_ text: String) -> String { String(repeating: text, count: 1000) }

    @Test(arguments: drips)
    func theDeadlineHoldsHoweverSlowItIs(_ drip: Case) async throws {
        let victim = try Victim("timeout = 2s", reply: drip.reply)
        var program = victim.helper.program(["get"])
        program.timeLimit = .seconds(30)
        let result = try await program.run()
        #expect(result.errorCode == drip.code, "\(result)")
        expectNoCanary(result)
    }

    /// What is wrong in itself.
    static let nonsense: [Case] = [
        Case("HTTP/0.9", "provider-error", .raw(good)),
        Case("an HTTP version of the future", "provider-error", .raw("HTTP/7.3 200 OK\r\n\r\n" + good)),
        Case("a status of four digits", "provider-error", .raw("HTTP/1.1 2000 OK\r\n\r\n" + good)),
        Case(
            "a negative length", "provider-error",
            .raw("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + good)),
        Case(
            "a length that is no number", "provider-error",
            .raw("HTTP/1.1 200 OK\r\nContent-Length: \u{1b}[31m\r\n\r\n" + good)),
        Case(
            "a length without end", "provider-error",
            .raw("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\n" + "x")),
        Case(
            "a chunk that is none", "temporary-failure",
            .raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\u{1b}[31m\r\n"), timeout: "1s"),
        Case(
            "a chunk too large to count", "temporary-failure",
            .raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nx"),
            timeout: "1s"),
        Case(
            "a coding of its own", "provider-error",
            .raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: \u{1b}[31m\r\n\r\n" + good)),
        Case("a header with a NUL", "provider-error", .raw("HTTP/1.1 200 OK\r\nX: a\u{0}b\r\n\r\n" + good)),
        Case("a header without a name", "provider-error", .raw("HTTP/1.1 200 OK\r\n: x\r\n\r\n[]")),
        Case("UTF-16", "provider-error", .http([0xFF, 0xFE] + Array(good.utf8.flatMap { [$0, 0] }))),
        Case("a byte order mark", "provider-error", body("\u{FEFF}" + good)),
        Case(
            "bytes that are no UTF-8", "provider-error",
            .http(Array(#"{"access_token":"canary","x":""#.utf8) + [0xC0, 0x80, 0x22, 0x7D])),
        Case("a surrogate", "provider-error", token(#""scope":"\ud800""#)),
        Case("NaN", "provider-error", token(#""expires_in":NaN"#)),
        Case("infinity", "provider-error", token(#""expires_in":1e400"#)),
        Case("hexadecimal", "provider-error", token(#""expires_in":0x10"#)),
        Case("a comment", "provider-error", token(#""expires_in":60/**/"#)),
        Case("a name twice", "provider-error", token(#""expires_in":60,"access_token":"canary-2""#)),
        Case("a name twice, once escaped", "provider-error", token(#""\u0061ccess_token":"canary-2""#)),
        Case(
            "sixty-five levels", "provider-error",
            token(#""x":"# + String(repeating: "[", count: 65) + String(repeating: "]", count: 65))),
        Case(
            "a token type of another kind", "provider-error",
            body(#"{"access_token":"canary","token_type":"PoP"}"#)),
        Case(
            "a token type that looks like it", "provider-error",
            body(#"{"access_token":"canary","token_type":"Bearer "}"#)),
        Case(
            "a redirect to plain http", "provider-error",
            .http(status: 307, headers: [("Location", "http://good.example/token")])),
        Case(
            "a redirect with escapes", "provider-error",
            .http(status: 307, headers: [("Location", "https://evil.example/\u{1b}[31m")])),
        Case(
            "a redirect to a file", "provider-error",
            .http(status: 307, headers: [("Location", "file:///etc/passwd")])),
        Case("a redirect to itself", "provider-error", .http(status: 307, headers: [("Location", "/token")])),
        Case(
            "escapes in an error", "provider-error",
            body(#"{"error":"\#(escapes)","error_description":"\#(escapes)"}"#, status: 400)),
        Case("escapes in a success", "provider-error", body(#"{"error":"\#(escapes)"}"#)),
        Case("escapes in a page", "provider-error", .http("\u{1b}]0;owned\u{7}\u{1b}[2J", status: 400)),
        Case(
            "escapes in the status line", "temporary-failure",
            .raw("HTTP/1.1 503 \u{1b}[31m\r\nRetry-After: 900\r\n\r\n")),
        Case(
            "escapes in Retry-After", "temporary-failure",
            .http(status: 503, headers: [("Retry-After", "\u{1b}[31m")]), timeout: "1s"),
    ]

    @Test(arguments: nonsense, ["", "trace"])
    func nonsenseIsToldInPlainText(_ nonsense: Case, log: String) async throws {
        let victim = try Victim(
            "timeout = \(nonsense.timeout)", reply: nonsense.reply, environment: ["BUTLR_LOG": log])
        let result = try await victim.helper.run("get")
        #expect(result.errorCode == nonsense.code, "\(result)")
        expectNoCanary(result)
        expectHarmless(result.errors)
        expectHarmless(result.output)
        #expect(try victim.helper.cacheFolder.files() == [])
    }

    /// A lifetime may be anything; the token is a token all the same, and never kept for longer than it may be.
    @Test(arguments: [
        ("-1", false), ("0", false), ("-1e300", false), ("1e18", true), ("1e308", true),
        ("3600.9", true),
        (#""3600""#, true), (#""-5""#, false), (#""soon""#, true), ("null", true), ("true", true),
        ("{}", true),
        (#""NaN""#, true), (#""0x10""#, true), (#""inf""#, true), ("9007199254740993", true),
    ])
    func aLifetimeMayBeAnything(_ text: String, isKept: Bool) async throws {
        let victim = try Victim(
            reply: .json(#"{"access_token":"\#(Victim.token)","token_type":"Bearer","expires_in":\#(text)}"#))
        for _ in 0..<2 {
            let result = try await victim.helper.run("token")
            #expect(result.output == Victim.token + "\n", "\(result)")
        }
        #expect(victim.provider.requests.count == (isKept ? 1 : 2))
    }

    @Test(.clients("openssl", "python3")) func anOutdatedTLSIsRefused() async throws {
        let victim = try Victim()
        let authority = try await CertificateAuthority()
        let proxy = try await TLSProxy(
            try await authority.issue(), before: victim.provider, manner: .outdated)
        try victim.configure(
            tokenEndpoint: proxy.url + "/token", ["ca-file = \(authority.certificateFile)"])
        let result = try await victim.helper.run("get")
        #expect(result.errorCode == "tls-error", "\(result)")
        #expect(victim.provider.connectionCount == 0)
        await proxy.stop()
    }

    /// So that nothing can be blown up by unpacking it.
    @Test func noCodingIsAskedFor() async throws {
        let victim = try Victim()
        try await victim.seed()
        let request = try #require(victim.provider.requests.first)
        #expect(request.header("Accept-Encoding") == nil, "\(request)")
        #expect(request.header("Expect") == nil, "\(request)")
        #expect(request.header("Cookie") == nil, "\(request)")
    }
}
