import Platform
import TestSupport
import Testing

/// A refusal in the native protocol, in which the status, both outputs and all members agree.
struct Outcome {
    let code: String
    let message: String
    let hint: String?
    let isRetryable: Bool
    let retryAfter: Int64?

    static let statuses: [String: Int32] = [
        "usage": 64, "bad-request": 65, "no-profile": 69, "provider-error": 69, "io-error": 74,
        "temporary-failure": 75, "tls-error": 76, "credentials-rejected": 77, "config": 78,
    ]

    init(_ result: Program.Outcome) throws {
        let answer = try JSON(parsing: result.outputBytes)
        let error = try #require(answer["error"], "\(result)")
        code = try #require(error["code"]?.string)
        message = try #require(error["message"]?.string)
        hint = error["hint"]?.string
        isRetryable = try #require(error["retryable"]?.bool as Bool?)
        retryAfter = error["retry_after"]?.integer

        // One line, all members, in this order.
        let whole: JSON = [
            "version": 1,
            "error": [
                "code": .string(code), "message": .string(message), "hint": hint.map(JSON.string) ?? .null,
                "retryable": .bool(isRetryable),
                "retry_after": retryAfter.map { .number(Double($0)) } ?? .null,
            ],
        ]
        #expect(result.output == whole.serialized + "\n")
        let lines = result.errors.split(separator: "\n")
        #expect(lines.first?.hasPrefix("butlr-credential: \(message)") == true, "\(result)")
        #expect(hint == nil || lines.dropFirst() == ["  \(hint!)"], "\(result)")
        #expect(result.status == Outcome.statuses[code], "\(result)")
        #expect(isRetryable == (code == "temporary-failure"), "\(result)")
    }
}

/// Each row of what can come of a request.
@Suite struct OutcomeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let code: String
        let reply: ScriptedServer.Reply
        var retryAfter: ClosedRange<Int64>?
        let name: String

        init(
            _ code: String, _ status: Int, _ body: String,
            headers: [(name: String, value: String)] = [("Content-Type", "application/json")],
            retryAfter: ClosedRange<Int64>? = nil
        ) {
            self.code = code
            self.retryAfter = retryAfter
            reply = .http(body, status: status, headers: headers)
            name = "\(status) \(body)"
        }

        var testDescription: String { name }
    }

    @Test(arguments: [
        Row("credentials-rejected", 400, #"{"error":"invalid_grant"}"#),
        Row("credentials-rejected", 403, #"{"error":"access_denied"}"#),
        Row("credentials-rejected", 401, ""), Row("credentials-rejected", 401, "<html>no</html>"),
        Row("credentials-rejected", 403, ""), Row("credentials-rejected", 403, #"{"code":"x"}"#),
        Row("provider-error", 403, "<html>proxy</html>", headers: [("Content-Type", "text/html")]),
        Row("config", 401, #"{"error":"invalid_client"}"#),
        Row("config", 400, #"{"error":"unauthorized_client"}"#),
        Row("config", 400, #"{"error":"unsupported_grant_type"}"#),
        Row("config", 400, #"{"error":"invalid_scope"}"#),
        Row("config", 400, #"{"error":"invalid_target"}"#),
        Row("provider-error", 400, "what?"), Row("provider-error", 404, ""), Row("provider-error", 405, ""),
        Row("provider-error", 302, "", headers: [("Location", "https://evil.example/")]),
        Row("provider-error", 200, ""), Row("provider-error", 200, "<html>sign in</html>"),
        Row("provider-error", 200, "{}"), Row("provider-error", 200, #"{"access_token":"a b"}"#),
        Row("provider-error", 200, #"{"access_token":"a\nb"}"#),
        Row("provider-error", 200, #"{"access_token":"a","token_type":"mac"}"#),
        Row("temporary-failure", 503, "", headers: [("Retry-After", "120")], retryAfter: 118...120),
        Row("temporary-failure", 429, "", headers: [("Retry-After", "90")], retryAfter: 88...90),
    ])
    func tellsWhatTheProviderSaid(_ row: Row) async throws {
        let account = try Account(refusal: row.reply)
        let outcome = try Outcome(try await account.helper.run("get"))
        #expect(outcome.code == row.code, "\(outcome)")
        if let range = row.retryAfter {
            #expect(range.contains(outcome.retryAfter ?? -1), "\(outcome)")
        }
        #expect(outcome.message.contains("\"default\""))
        #expect(!"\(outcome)".contains("s3cret"))
    }

    /// `token --format json` fails as `get` does; the other formats leave standard output empty.
    @Test(arguments: ["raw", "header", "json", "curl", "env"])
    func isToldInTheFormatThatWasAskedFor(format: String) async throws {
        let account = try Account(refusal: .json(#"{"error":"invalid_client"}"#, status: 401))
        let result = try await account.helper.run("token", "--format", format)
        if format == "json" {
            #expect(try Outcome(result).code == "config")
        } else {
            #expect(result.output == "")
            #expect(result.errors.hasPrefix("butlr-credential: profile \"default\": "), "\(result)")
            #expect(result.status == 78)
        }
    }

    @Test func tellsThatNobodyAnswers() async throws {
        let account = try Account()
        let closed = try ScriptedServer.ClosedPort()
        let outcome = try Outcome(
            try await account.helper.run(
                "get",
                environment: [
                    "BUTLR_CONFIG": try account.configured(tokenEndpoint: closed.url), "BUTLR_TIMEOUT": "1",
                ]))
        #expect(outcome.code == "temporary-failure")
    }

    @Test(.clients("openssl", "python3"))
    func tellsThatTheCertificateIsNotTrusted() async throws {
        let account = try Account()
        let authority = try await CertificateAuthority()
        let proxy = try await TLSProxy(try await authority.issue(.selfSigned), before: account.provider)
        let outcome = try Outcome(
            try await account.helper.run(
                "get", environment: ["BUTLR_CONFIG": try account.configured(tokenEndpoint: proxy.url)]))
        #expect(outcome.code == "tls-error")
        #expect(account.provider.requests.isEmpty)
        await proxy.stop()
    }

    @Test func tellsWhatIsWrongWithTheConfig() async throws {
        let account = try Account()
        try account.helper.configFolder.remove("config")
        let nothing = try Outcome(try await account.helper.run("get"))
        #expect(nothing.code == "config")
        #expect(nothing.hint?.contains("login") == true)
        try account.helper.config("[profile \"default\"]\nclient-id = \"open\n")
        #expect(try Outcome(try await account.helper.run("get")).message.contains("config:2: "))
        let missing = try Outcome(try await account.helper.run("get", "--config", "/nowhere/config"))
        #expect(missing.message.contains("/nowhere/config"))
    }

    /// An answer that nobody can read is a failure, and its token goes nowhere else.
    @Test(arguments: [["get"], ["token"], ["git", "get"]])
    func tellsThatTheAnswerCannotBeWritten(arguments: [String]) async throws {
        for output in [Program.Output.closed, .file("/dev/full"), .brokenPipe] {
            let account = try Account()
            var program = account.helper.program(arguments)
            program.output = output
            let result = try await program.run(
                input: arguments[0] == "git" ? .text(GitTranscriptTests.place) : .closed)
            #expect(result.status == 74, "\(output): \(result)")
            // With descriptors 0 and 1 free, a file that is opened gets one of their numbers.
            let next = try await account.helper.run("token", "--format", "json")
            #expect(try JSON(parsing: next.outputBytes)["source"] == "cache", "\(output): \(next)")
        }
    }

    /// With standard error closed, warnings must not end up in a file that got its number.
    @Test func writesIntoNoFileThatTookTheNumberOfAStream() async throws {
        let account = try Account()
        var program = account.helper.program(["get"], environment: ["BUTLR_LOG": "trace"])
        program.errors = .closed
        let result = try await program.run(input: .closed)
        #expect(try JSON(parsing: result.outputBytes)["access_token"] == "sesame")
        for folder in [account.helper.cacheFolder, account.helper.stateFolder] {
            for file in try folder.files() {
                #expect(try !folder.read(file).contains("butlr-credential: "), "\(file)")
            }
        }
        let next = try await account.helper.run("token", "--format", "json")
        #expect(try JSON(parsing: next.outputBytes)["source"] == "cache", "\(next)")
    }
}
