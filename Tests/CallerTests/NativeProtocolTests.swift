import Platform
import TestSupport
import Testing

/// `get`: the native protocol, byte for byte.
@Suite struct NativeProtocolTests {
    static let answer =
        #"{"version":1,"profile":"default","access_token":"sesame","token_type":"Bearer","expires":"TIME","#
        + #""headers":{"Authorization":["Bearer sesame"]},"source":"cache"}"# + "\n"

    @Test(arguments: [
        "", "\n", " \t\r\n", "{}", "{}\n", " {\r\n}\n", #"{"uri":"https://git.example.com/"}"#,
        // What Bazel sends: no newline at its end, and schemes of its own.
        #"{"uri":"https://git.example.com/a/file.txt?x=1#y"}"#,
        #"{"uri":"grpcs://git.example.com/build.bazel.remote.execution.v2.Capabilities/GetCapabilities"}"#,
        #"{"uri":"https://ada:pw@GIT.example.com.:443"}"#,
        #"{"profile":"default"}"#, #"{"profile":"default","uri":"https://git.example.com/"}"#,
        #"{"uri":null,"profile":null,"min_ttl":null,"rejected_token":null}"#,
        #"{"min_ttl":0}"#, #"{"min_ttl":60}"#, #"{"min_ttl":6e1}"#, #"{"rejected_token":"another"}"#,
        #"{"rejected_token":""}"#, #"{"unknown":{"uri":"https://evil.example/"},"more":[1,2.5,null]}"#,
        #"{"URI":"https://evil.example/"}"#, #"{"\u0075ri":"https:\/\/git.example.com\/"}"#,
    ])
    func givesTheToken(input: String) async throws {
        let account = try Account()
        let expires = try await account.seed()
        let result = try await account.helper.run("get", input: .text(input))
        #expect(Answer(result) == Answer(Self.answer.ending(expires)))
        #expect(account.provider.requests.count == 1)
    }

    @Test(arguments: [Program.Input.null, .closed])
    func needsNoInput(input: Program.Input) async throws {
        let account = try Account()
        let expires = try await account.seed()
        #expect(
            Answer(try await account.helper.run("get", input: input))
                == Answer(Self.answer.ending(expires)))
    }

    /// A caller may keep its end open: reading ends with the object.
    @Test(arguments: [["{}"], [#"{"uri":"https://git.example.com/"#, "", "}\"", "}"], ["{\n", "}\n\n"]])
    func readsNoFurtherThanTheObject(pieces: [String]) async throws {
        let account = try Account(
            profile: "url = https://git.example.com/", environment: ["BUTLR_TIMEOUT": "5"])
        let expires = try await account.seed()
        let child = try account.helper.start("get", input: .open)
        for piece in pieces { child.write(piece) }
        #expect(Answer(try await child.wait()) == Answer(Self.answer.ending(expires)))
    }

    @Test func tellsAllThatItKnows() async throws {
        let account = try Account(
            members: #","scope":"read write","id_token":"identity","refresh_token":"again""#)
        let result = try await account.helper.run("get")
        let answer = try JSON(parsing: result.outputBytes)
        guard case .object(let members) = answer else { throw Unexpected() }
        #expect(
            members.map(\.name) == [
                "version", "profile", "access_token", "id_token", "token_type", "expires", "scope", "headers",
                "source",
            ])
        #expect(answer["id_token"] == "identity")
        #expect(answer["scope"] == "read write")
        #expect(answer["source"] == "login")
        #expect(result.output.last == "\n")
        #expect(!result.output.contains("again"))
        #expect(result.errors == "")
    }

    struct Unexpected: Error {}

    @Test func sendsTheTokenThatTheProfileNames() async throws {
        let account = try Account(members: #","id_token":"identity""#, profile: "token-use = id-token")
        let answer = try JSON(parsing: try await account.helper.run("get").outputBytes)
        #expect(answer["access_token"] == "sesame")
        #expect(answer["headers"]?["Authorization"] == ["Bearer identity"])
    }

    /// Of its members, one that says what must not be handed out again, and one that asks for a longer life.
    @Test(arguments: [
        (#"{"rejected_token":"sesame"}"#, "sesame-2", "login"),
        (#"{"rejected_token":"sesame-2"}"#, "sesame", "cache"),
        (#"{"min_ttl":3500}"#, "sesame", "cache"), (#"{"min_ttl":3601}"#, "sesame-2", "login"),
        (#"{"min_ttl":31536000}"#, "sesame-2", "login"),
    ])
    func replacesWhatWillNotDo(input: String, token: String, source: String) async throws {
        let account = try Account()
        try await account.seed()
        let result = try await account.helper.run("get", input: .text(input))
        let answer = try JSON(parsing: result.outputBytes)
        #expect(answer["access_token"] == .string(token))
        #expect(answer["source"] == .string(source))
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let input: [UInt8]
        let code: String
        let reason: String
        let profile: String?

        init(_ input: String, _ code: String, _ reason: String, profile: String? = nil) {
            self.init(Array(input.utf8), code, reason, profile: profile)
        }

        init(_ input: [UInt8], _ code: String, _ reason: String, profile: String? = nil) {
            (self.input, self.code, self.reason, self.profile) = (input, code, reason, profile)
        }

        var testDescription: String { String(decoding: input.prefix(80), as: UTF8.self).debugDescription }
    }

    @Test(arguments: [
        Refusal("{", "bad-request", "ends in the middle"),
        Refusal(#"{"uri":"https://git.example.com/"#, "bad-request", "ends in the middle"),
        Refusal(#"{"uri":"https://git.example.com/"}}"#, "bad-request", "is not JSON"),
        Refusal(#"{} garbage"#, "bad-request", "is not JSON"), Refusal("{}{}", "bad-request", "is not JSON"),
        Refusal("garbage", "bad-request", "is not a JSON object"),
        Refusal("[]", "bad-request", "is not a JSON object"),
        Refusal("[{}]", "bad-request", "is not a JSON object"),
        Refusal("\"{}\"", "bad-request", "is not a JSON object"),
        Refusal("null", "bad-request", "is not a JSON object"),
        Refusal("}", "bad-request", "is not a JSON object"),
        Refusal("\u{FEFF}{}", "bad-request", "is not a JSON object"),
        Refusal("{'uri':1}", "bad-request", "is not JSON"),
        Refusal("{\"a\":1,}", "bad-request", "is not JSON"),
        Refusal(#"{"a":1,"a":1}"#, "bad-request", "duplicate member name"),
        Refusal(#"{"uri":"https://git.example.com/","\u0075ri":"x"}"#, "bad-request", "duplicate"),
        Refusal(Array(#"{"uri":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8), "bad-request", "not UTF-8"),
        Refusal(Array(#"{"uri":"a"#.utf8) + [0] + Array(#""}"#.utf8), "bad-request", "control character"),
        Refusal(#"{"uri":"\ud800"}"#, "bad-request", "lone surrogate"),
        Refusal(
            "{\"a\":" + String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000) + "}",
            "bad-request", "nested"),
        Refusal(
            "{\"a\":\"" + String(repeating: "x", count: 1 << 20) + "\"}", "bad-request",
            "longer than 1 MiB"),
        Refusal(#"{"uri":1}"#, "bad-request", "uri is not a string"),
        Refusal(#"{"uri":["https://git.example.com/"]}"#, "bad-request", "uri is not a string"),
        Refusal(#"{"profile":false}"#, "bad-request", "profile is not a string"),
        Refusal(#"{"rejected_token":{}}"#, "bad-request", "rejected_token is not a string"),
        Refusal(#"{"min_ttl":"60"}"#, "bad-request", "min_ttl is not a number of seconds"),
        Refusal(#"{"min_ttl":-1}"#, "bad-request", "min_ttl is not a number of seconds"),
        Refusal(#"{"min_ttl":0.5}"#, "bad-request", "min_ttl is not a number of seconds"),
        Refusal(#"{"min_ttl":1e300}"#, "bad-request", "min_ttl is not a number of seconds"),
        Refusal(#"{"profile":"default"}"#, "bad-request", "is for profile", profile: "other"),
        Refusal(#"{"uri":"https://evil.example/"}"#, "no-profile", "https://evil.example/"),
        Refusal(#"{"uri":"http://git.example.com/"}"#, "no-profile", "git.example.com"),
        Refusal(#"{"uri":"https://git.example.com@evil.example/"}"#, "no-profile", "evil.example"),
        Refusal(#"{"uri":"git.example.com"}"#, "no-profile", "git.example.com"),
        Refusal(#"{"uri":""}"#, "no-profile", "is not a URL"),
        Refusal(#"{"uri":"https://git.example.com/\n"}"#, "no-profile", "is not a URL"),
        Refusal(#"{"profile":"other"}"#, "config", "other"), Refusal(#"{"profile":""}"#, "config", "profile"),
    ])
    func refuses(_ refusal: Refusal) async throws {
        let account = try Account()
        let result = try await account.helper.program(
            ["get"] + (refusal.profile.map { ["--profile", $0] } ?? [])
        ).run(input: .bytes(refusal.input))
        let outcome = try Outcome(result)
        #expect(outcome.code == refusal.code, "\(result)")
        #expect(outcome.message.contains(refusal.reason), "\(result)")
        #expect(!outcome.isRetryable)
        #expect(try account.isUntouched)
    }

    /// What cannot become an object is refused at once, though the caller keeps its end open.
    @Test(arguments: ["garbage", "[", "}"])
    func waitsForNoMoreOfWhatIsNoObject(input: String) async throws {
        let account = try Account(environment: ["BUTLR_TIMEOUT": "2"])
        let child = try account.helper.start("get", input: .open)
        child.write(input)
        let outcome = try Outcome(try await child.wait())
        #expect(outcome.message == "the request on standard input is not a JSON object")
    }

    @Test(arguments: ["{}x", "{}\n{", "{}{}", "{}\u{1}"]) func waitsForNothingBehindTheObject(input: String)
        async throws
    {
        let account = try Account(environment: ["BUTLR_TIMEOUT": "60"])
        let child = try account.helper.start("get", input: .open)
        child.write(input)
        let outcome = try Outcome(try await child.wait())
        #expect(outcome.message.hasPrefix("the request on standard input is not JSON: text after the value"))
    }

    @Test(arguments: [["get", "--profile"], ["--bogus", "get"]])
    func refusesACommandLineInJSONToo(arguments: [String]) async throws {
        let account = try Account()
        let outcome = try Outcome(try await account.helper.program(arguments).run())
        #expect(outcome.code == "usage")
    }

    @Test(arguments: [["--bogus", "version"], ["--bogus", "--help"], ["--bogus"], ["--bogus", "frob"]])
    func refusesAWrongOptionWhateverFollows(arguments: [String]) async throws {
        let result = try await Account().helper.program(arguments).run()
        #expect(result.status == 64 && result.output == "", "\(result)")
        #expect(result.errors.contains("there is no option --bogus"), "\(result)")
    }

    @Test(arguments: ["", "{", #"{"uri":"https://git.example.com/""#])
    func doesNotWaitForEver(input: String) async throws {
        let account = try Account(environment: ["BUTLR_TIMEOUT": "1"])
        let child = try account.helper.start("get", input: .open)
        child.write(input)
        let outcome = try Outcome(try await child.wait())
        #expect(outcome.code == "bad-request")
        #expect(outcome.message == "the request on standard input did not end in time")
        #expect(try account.isUntouched)
    }

    @Test func takesNoArguments() async throws {
        let account = try Account()
        #expect(try Outcome(try await account.helper.run("get", "https://git.example.com/")).code == "usage")
    }
}
