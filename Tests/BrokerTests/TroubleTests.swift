import Platform
import Sandbox
import TestSupport
import Testing

/// What comes of a provider that answers with anything but a token.
@Suite struct TroubleTests {
    /// An answer, and what is to be made of it.
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let answer: HTTPServer.Answer
        let code: HelperError.Code

        init(_ name: String, _ code: HelperError.Code, _ answer: HTTPServer.Answer) {
            testDescription = name
            self.answer = answer
            self.code = code
        }
    }

    private static let page = "<!doctype html><title>Sign in</title>"
    private static let login = #"{"access_token":"canary-token","token_type":"Bearer","expires_in":60}"#

    private static func head(_ status: String, _ fields: String...) -> String {
        "HTTP/1.1 \(status)\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    private static func raw(_ text: String...) -> HTTPServer.Answer { .raw(text.map { .send($0) }) }

    private static func token(_ member: String) -> HTTPServer.Answer {
        .json(#"{"token_type":"Bearer","expires_in":60,\#(member)}"#)
    }

    @Test(arguments: [
        ("invalid_client", "check client-id and client-secret"),
        ("invalid_scope", "check the profile's scope"),
        ("invalid_target", "check the profile's audience and resource"),
        ("unsupported_grant_type", "check the profile's grant"),
        ("unauthorized_client", "check the profile's grant"),
    ])
    func namesTheKeysToLookAt(error: String, hint: String) async throws {
        let provider = try StubProvider(.oauthError(error))
        let helper = try Helper.client(of: provider)
        for _ in 0..<2 { #expect(try await helper.run("token").errors.contains(hint)) }
        #expect(provider.requests.count == 1, "the second time it is remembered")
    }

    /// What the provider says for good.
    static let verdicts: [Case] =
        [
            ("invalid_grant", HelperError.Code.credentialsRejected), ("access_denied", .credentialsRejected),
            ("invalid_client", .config), ("unauthorized_client", .config),
            ("unsupported_grant_type", .config), ("invalid_scope", .config), ("invalid_target", .config),
            ("invalid_request", .providerError), ("something_else", .providerError),
        ].flatMap { error, code in
            [
                Case("400 \(error)", code, .oauthError(error)),
                Case(
                    "401 \(error)", code == .providerError ? .credentialsRejected : code,
                    .oauthError(error, status: 401)),
            ]
        } + [
            Case("400 without a body", .providerError, .body("", status: 400)),
            Case("400 page", .providerError, .body(page, status: 400)),
            Case("400 other JSON", .providerError, .json(#"{"message":"no"}"#, status: 400)),
            Case("400 error object", .providerError, .json(#"{"error":{"code":7}}"#, status: 400)),
            Case("401 without a body", .credentialsRejected, .body("", status: 401)),
            Case("401 page", .credentialsRejected, .body(page, status: 401)),
            Case("403 without a body", .credentialsRejected, .body("", status: 403)),
            Case("403 JSON", .credentialsRejected, .json(#"{"message":"Forbidden"}"#, status: 403)),
            Case("403 page", .providerError, .body(page, status: 403)),
            Case("404", .providerError, .body("", status: 404)),
            Case("404 invalid_grant", .providerError, .oauthError("invalid_grant", status: 404)),
            Case("405", .providerError, .body("", status: 405)),
            Case("409", .providerError, .body("", status: 409)),
            Case("204", .providerError, raw(head("204 No Content"))),
            Case("302", .providerError, .body("", status: 302, headers: ["Location": "/elsewhere"])),
            Case("303", .providerError, .body("", status: 303, headers: ["Location": "/elsewhere"])),
            Case("307 to nowhere", .providerError, .body("", status: 307)),
            Case("200 page", .providerError, .body(page, status: 200)),
            Case("200 without a body", .providerError, .body("", status: 200)),
            Case("200 with an error", .providerError, .json(#"{"error":"bad_verification_code"}"#)),
            Case("200 array", .providerError, .json("[\(login)]")),
            Case("200 with more behind it", .providerError, .json(login + login)),
            Case("no token", .providerError, token(#""other":1"#)),
            Case("null token", .providerError, token(#""access_token":null"#)),
            Case("empty token", .providerError, token(#""access_token":"""#)),
            Case("token as a number", .providerError, token(#""access_token":7"#)),
            Case("token as an object", .providerError, token(#""access_token":{"value":"canary"}"#)),
            Case(
                "refresh token as a number", .providerError,
                token(#""access_token":"canary","refresh_token":7"#)),
            Case(
                "twice the token", .providerError,
                token(#""access_token":"canary1","access_token":"canary2""#)),
            Case("a number too large", .providerError, .token("canary", lifetime: "1e999")),
            Case("MAC token", .providerError, .json(#"{"access_token":"canary","token_type":"mac"}"#)),
            Case("type as a number", .providerError, .json(#"{"access_token":"canary","token_type":1}"#)),
            Case(
                "nested deeply", .providerError,
                .json(
                    String(repeating: #"{"a":"#, count: 100_000) + "1"
                        + String(repeating: "}", count: 100_000))),
            Case(
                "not UTF-8", .providerError,
                .raw([
                    .send(head("200 OK", "Content-Length: 24") + #"{"access_token":"canar"#.dropLast()),
                    .send([0xFF, 0x22, 0x7D]),
                ])),
            Case("NUL behind it", .providerError, .json(login + "\0")),
            Case(
                "gzip", .providerError,
                .raw([
                    .send(head("200 OK", "Content-Encoding: gzip", "Content-Length: 10")),
                    .send([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]),
                ])),
            Case(
                "more than 1 MiB", .providerError,
                .json(#"{"access_token":"canary","more":"\#(String(repeating: "x", count: 1 << 20))"}"#)),
            Case("no HTTP", .providerError, raw("SSH-2.0-OpenSSH_9.2\r\n")),
            Case("no status", .providerError, raw("HTTP/1.1 fine\r\n\r\n")),
            Case(
                "endless headers", .providerError,
                .raw(
                    [.send("HTTP/1.1 200 OK\r\n")]
                        + (0..<200).map { .send("X-\($0): \(String(repeating: "x", count: 1000))\r\n") } + [
                            .hang
                        ])),
            Case(
                "an endless header", .providerError,
                .raw(
                    [.send("HTTP/1.1 200 OK\r\nX: ")]
                        + (0..<500).map { _ in .send(String(repeating: "x", count: 1000)) } + [.hang])),
        ]
        + ["\\r", "\\n", " ", "\\u0000", "\\u00e9", "\\u007f", "\\t", "\u{1F511}"].flatMap { character in
            ["access_token", "refresh_token", "id_token"].map { name in
                let other = name == "access_token" ? "" : #""access_token":"canary","#
                return Case(
                    "\(character) in \(name)", .providerError,
                    token(#"\#(other)"\#(name)":"canary\#(character)x""#))
            }
        }

    @Test(arguments: verdicts)
    func aVerdictIsAskedForOnce(_ trouble: Case) async throws {
        let provider = try StubProvider(trouble.answer)
        let helper = try Helper.client(of: provider, environment: ["BUTLR_LOG": "trace"])
        for index in 0..<2 {
            if index == 1 { try helper.prolongFailure() }
            let result = try await helper.run("get")
            #expect(result.status == trouble.code.exitStatus, "\(result)")
            #expect(result.errorCode == trouble.code.rawValue)
            #expect(result.isRetryable == false)
            #expect(result.retryAfter == nil)
            #expect(result.message.hasPrefix("profile \"default\": "))
            expectNoSecret(result)
        }
        #expect(provider.requests.count == 1)
        #expect(try helper.stored("token") == nil)
    }

    /// What may be over in a moment.
    static let upsets: [Case] =
        [408, 425, 429, 500, 501, 502, 503, 504, 599].map { status in
            Case("\(status)", .temporaryFailure, .body(page, status: status))
        } + [
            Case("503 invalid_grant", .temporaryFailure, .oauthError("invalid_grant", status: 503)),
            Case("400 temporarily_unavailable", .temporaryFailure, .oauthError("temporarily_unavailable")),
            Case("nothing at all", .temporaryFailure, .raw([])),
            Case("reset", .temporaryFailure, .raw([.reset])),
            Case(
                "reset in the body", .temporaryFailure,
                .raw([
                    .send(head("200 OK", "Content-Length: 90") + login), .reset,
                ])),
            Case("cut in the headers", .temporaryFailure, raw("HTTP/1.1 200 OK\r\nContent-Le")),
            Case("cut in the body", .temporaryFailure, raw(head("200 OK", "Content-Length: 90"), login)),
            Case(
                "cut in a chunk", .temporaryFailure,
                raw(head("200 OK", "Transfer-Encoding: chunked"), "FF\r\n", login)),
            Case(
                "cut in a body without a length", .temporaryFailure,
                raw(head("200 OK"), String(login.dropLast()))),
            Case("silence", .temporaryFailure, .hang),
            Case(
                "silence in the body", .temporaryFailure,
                .raw([
                    .send(head("200 OK", "Content-Length: 90") + login), .hang,
                ])),
            Case(
                "dripping", .temporaryFailure,
                .raw(
                    [.send(head("200 OK", "Content-Length: 1000"))]
                        + (0..<1000).flatMap { _ in [.send("x"), .pause(milliseconds: 50)] })),
        ]

    /// The program's own time limit shows that the deadline holds.
    @Test(arguments: upsets)
    func anUpsetIsTriedAgainUntilTheDeadline(_ trouble: Case) async throws {
        let provider = try StubProvider(trouble.answer)
        let helper = try Helper.client(of: provider, timeout: "2s", environment: ["BUTLR_LOG": "trace"])
        var program = helper.program(["get"])
        program.timeLimit = .seconds(20)
        let result = try await program.run()
        #expect(result.status == 75, "\(result)")
        #expect(result.errorCode == "temporary-failure")
        #expect(result.isRetryable == true)
        expectNoSecret(result)
        #expect((1...5).contains(provider.requests.count))
    }

    @Test(
        arguments: upsets.filter {
            !["silence", "silence in the body", "dripping"].contains($0.testDescription)
        })
    func anUpsetThatPassesIsNotNoticed(_ trouble: Case) async throws {
        let provider = try StubProvider { _, index in index < 2 ? trouble.answer : .token("good") }
        let helper = try Helper.client(of: provider)
        let result = try await helper.run("get")
        #expect(result.token == "good", "\(result)")
        #expect(result.errors.isEmpty)
        #expect(provider.requests.count == 3)
        #expect(try helper.stored("failure") == nil)
    }

    @Test func aRefusedConnectionIsTriedAgain() async throws {
        let provider = try StubProvider(.token("never"))
        let helper = try Helper.client(of: provider, timeout: "1s")
        provider.stop()
        let result = try await helper.run("get")
        #expect(result.status == 75, "\(result)")
        #expect(result.message.contains("cannot be reached"))
    }

    @Test(arguments: [429, 503])
    func aShortRetryAfterIsWaitedFor(_ status: Int) async throws {
        let provider = try StubProvider { _, index in
            index == 0 ? .body("", status: status, headers: ["Retry-After": "1"]) : .token("good")
        }
        let clock = ContinuousClock()
        let begin = clock.now
        let result = try await Helper.client(of: provider).run("get")
        #expect(result.token == "good", "\(result)")
        #expect(provider.requests.count == 2)
        #expect(clock.now - begin >= .seconds(1))
    }

    @Test(arguments: [429, 503], ["3600", "date"])
    func aLongRetryAfterIsToldAndHeldByAll(_ status: Int, _ form: String) async throws {
        let provider = try StubProvider(
            .body(
                "", status: status,
                headers: form == "date"
                    ? [
                        "Retry-After": "Sun, 06 Nov 1994 09:49:37 GMT",
                        "Date": "Sun, 06 Nov 1994 08:49:37 GMT",
                    ]
                    : ["Retry-After": form]))
        let helper = try Helper.client(of: provider)
        for _ in 0..<2 {
            let result = try await helper.run("get")
            #expect(result.status == 75, "\(result)")
            #expect((3500...3600).contains(result.retryAfter ?? 0), "\(result)")
            #expect(result.errors.contains("try again in"))
        }
        #expect(provider.requests.count == 1)
    }

    /// "At once" from a server in trouble must not become a flood.
    @Test(arguments: ["0", "-1", "soon", "Sun, 06 Nov 1994 08:49:37 GMT"])
    func aRetryAfterOfNothingIsBackedOffFrom(_ value: String) async throws {
        let provider = try StubProvider(.body("", status: 503, headers: ["Retry-After": value]))
        let result = try await Helper.client(of: provider, timeout: "2s").run("get")
        #expect(result.status == 75, "\(result)")
        #expect(provider.requests.count <= 5)
    }

    // MARK: - Redirects

    @Test(arguments: [307, 308])
    func aRedirectToTheSameOriginIsFollowedThreeTimes(_ status: Int) async throws {
        func run(redirects: Int) async throws -> (Program.Outcome, [HTTPServer.Request]) {
            let provider = try StubProvider { _, index in
                index < redirects
                    ? .body("", status: status, headers: ["Location": "/hop\(index)"]) : .token("good")
            }
            return (try await Helper.client(of: provider).run("get"), provider.requests)
        }
        let (good, requests) = try await run(redirects: 3)
        #expect(good.token == "good", "\(good)")
        #expect(requests.map(\.path) == ["/token", "/hop0", "/hop1", "/hop2"])
        #expect(Set(requests.map(\.text)).count == 1)
        #expect(requests.allSatisfy { $0.method == "POST" && $0.header("Authorization") != nil })
        let (bad, seen) = try await run(redirects: 4)
        #expect(bad.status == 69, "\(bad)")
        #expect(bad.message.contains("/hop3"))
        #expect(seen.count == 4)
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func aRedirectElsewhereIsRefusedAndNamed(_ status: Int) async throws {
        let other = try StubProvider(.token("stolen"))
        let provider = try StubProvider(
            .body("", status: status, headers: ["Location": "\(other.url)/token"]))
        let result = try await Helper.client(of: provider).run("get")
        #expect(result.status == 69, "\(result)")
        #expect(result.message.contains("\(other.url)/token"))
        #expect(other.requests.isEmpty)
    }

    @Test(arguments: [
        "http://user@127.0.0.1:PORT/", "https://127.0.0.1:PORT/", "http://localhost:PORT/",
        "ftp://127.0.0.1/",
    ])
    func anotherOriginIsNotTakenForTheSame(_ location: String) async throws {
        let provider = try StubProvider { request, _ in
            let port = request.baseURL.split(separator: ":").last!
            let target = String(location.split(separator: "PORT").joined(separator: port))
            return .body("", status: 307, headers: ["Location": target])
        }
        let result = try await Helper.client(of: provider).run("get")
        #expect(result.status == 69, "\(result)")
        #expect(provider.requests.count == 1)
    }

    // MARK: - What is accepted

    @Test(arguments: [
        #"{"access_token":"good"}"#, #"{"access_token":"good","token_type":"bearer"}"#,
        #"{"access_token":"good","token_type":"BEARER"}"#, #"{"access_token":"good","token_type":null}"#,
        #"{"access_token":"good","refresh_token":null,"id_token":null,"scope":null,"expires_in":null}"#,
        #"{"access_token":"good","refresh_token":"","id_token":"","scope":""}"#,
        #"{"access_token":"good","scope":["a","b"]}"#, #"{"access_token":"good","scope":7}"#,
        "\r\n\t {\"access_token\" : \"go\\u006fd\"}\n",
    ])
    func aLenientTokenResponseServes(_ body: String) async throws {
        let provider = try StubProvider(.json(body))
        let result = try await Helper.client(of: provider).run("token")
        #expect(result.output == "good\n", "\(result)")
        #expect(result.errors.isEmpty)
    }

    @Test func aBodyInChunksServes() async throws {
        let provider = try StubProvider(
            Self.raw(
                Self.head("200 OK", "Transfer-Encoding: chunked"), "10\r\n{\"access_token\":\r\n",
                "7\r\n\"good\"}\r\n0\r\n\r\n"))
        let result = try await Helper.client(of: provider).run("token")
        #expect(result.output == "good\n", "\(result)")
    }

    /// A server may repeat what it was sent, in any of the forms in which it came.
    @Test func anErrorThatRepeatsTheSecretIsRedacted() async throws {
        let padding = String(repeating: "x", count: 190)
        for said in ["canary-secret", "a canary-secret b", "\(padding) canary-secret"] {
            let provider = try StubProvider(
                .json(#"{"error":"invalid_client","error_description":"\#(said)"}"#, status: 401))
            let helper = try Helper.client(
                of: provider, "client-auth = post", environment: ["BUTLR_LOG": "trace"])
            let result = try await helper.run("get")
            #expect(result.status == 78, "\(result)")
            #expect(!result.output.contains("canar"), "\(result)")
            expectNoSecret(result)
            let stored = try #require(try helper.stored("failure"))
            #expect(!(try helper.home.read(stored).contains("canary")))
        }
    }

    /// A user's name may be the beginning of the password.
    @Test func aSecretIsRedactedAsAWholeWhereAPartOfItWasSentToo() async throws {
        let provider = try StubProvider(
            .json(#"{"error":"invalid_grant","error_description":"no admin-canary here"}"#, status: 400))
        let helper = try Helper.client(
            of: provider, "grant = password\nusername = admin\npassword = plain:admin-canary")
        let result = try await helper.run("get")
        #expect(result.status == 77, "\(result)")
        expectNoSecret(result)
    }
}

/// All secrets of these tests, and all tokens that must not be shown, have that word in them.
func expectNoSecret(_ result: Program.Outcome, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(!result.output.contains("canary"), "\(result)", sourceLocation: sourceLocation)
    #expect(!result.errors.contains("canary"), "\(result)", sourceLocation: sourceLocation)
}
