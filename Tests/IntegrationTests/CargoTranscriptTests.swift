import TestSupport
import Testing

@Suite struct CargoTranscriptTests {
    private let hello = #"{"v":[1]}"# + "\n"

    @Test(arguments: [
        #""operation":"read""#, #""operation":"publish","name":"a","vers":"1.0.0","cksum":"0""#,
        #""operation":"yank","name":"a","vers":"1.0.0""#, #""operation":"unyank","name":"a","vers":"1.0.0""#,
        #""operation":"owners","name":"a""#, #""operation":"something new""#,
    ])
    func getsAToken(_ operation: String) async throws {
        let transcript = try Transcript()
        let result = try await exchange(transcript, request(#""kind":"get",\#(operation)"#))
        #expect(result.status == 0)
        #expect(result.errors == "")
        let lines = result.output.split(separator: "\n")
        try #require(lines.count == 2)
        let start = #"{"Ok":{"kind":"get","token":"\#(Transcript.token)","cache":"expires","expiration":"#
        let end = #","operation_independent":true}}"#
        #expect(lines[1].hasPrefix(start) && lines[1].hasSuffix(end), "\(result)")
        let expiration = Int(lines[1].dropFirst(start.count).dropLast(end.count))
        #expect(expiration ?? 0 > 1_700_000_000)
    }

    @Test func putsBearerBeforeIt() async throws {
        let transcript = try Transcript(lines: "cargo-token = bearer")
        let result = try await exchange(transcript, request(#""kind":"get","operation":"read""#))
        #expect(result.output.contains(#""token":"Bearer \#(Transcript.token)""#), "\(result)")
    }

    @Test func speaksFirstAndAnswersLineByLine() async throws {
        let transcript = try Transcript()
        let running = try transcript.helper.start("--cargo-plugin", input: .open)
        #expect(try await running.readLine() == #"{"v":[1]}"#)
        for _ in 1...2 {
            running.write(request(#""kind":"get","operation":"read""#))
            let line = try await running.readLine()
            #expect(line?.hasPrefix(#"{"Ok":{"kind":"get","#) == true)
        }
        running.closeInput()
        #expect(try await running.wait().status == 0)
    }

    @Test func answersALineWithoutItsEnd() async throws {
        let transcript = try Transcript()
        let line = String(request(#""kind":"logout""#).dropLast())
        let result = try await exchange(transcript, line)
        #expect(result.output == hello + #"{"Ok":{"kind":"logout"}}"# + "\n")
    }

    @Test func saysThatATokenIsNotForgotten() async throws {
        let transcript = try Transcript(lines: "timeout = 3")
        _ = try await exchange(transcript, request(#""kind":"get","operation":"read""#))
        let logout = try await transcript.helper.whileLocked {
            try await exchange(transcript, request(#""kind":"logout""#))
        }
        #expect(logout.status == 0)
        #expect(logout.output.contains(#"{"Err":{"kind":"other","message":"#), "\(logout)")
        #expect(logout.output.contains("another process"), "\(logout)")
    }

    @Test func logsInAndOut() async throws {
        let transcript = try Transcript()
        let login = try await exchange(
            transcript, request(#""kind":"login","login-url":"https://example.com/me""#))
        #expect(login.output == hello + #"{"Ok":{"kind":"login"}}"# + "\n")
        #expect(transcript.provider.requests.count == 1)
        let logout = try await exchange(transcript, request(#""kind":"logout""#))
        #expect(logout.output == hello + #"{"Ok":{"kind":"logout"}}"# + "\n")
        _ = try await exchange(transcript, request(#""kind":"get","operation":"read""#))
        #expect(transcript.provider.requests.count == 2)
        let typed = try await exchange(transcript, request(#""kind":"login","token":"typed""#))
        #expect(
            typed.output == hello
                + #"{"Err":{"kind":"other","message":"tokens come from the provider and cannot be stored","caused-by":[]}}"#
                + "\n")
    }

    @Test func takesArgumentsFromTheRequest() async throws {
        let transcript = try Transcript()
        let named = request(#""kind":"get","operation":"read","args":["--profile","default"]"#)
        #expect(try await exchange(transcript, named).output.contains(#"{"Ok":{"kind":"get""#))
        let unknown = request(#""kind":"get","operation":"read","args":["--frob"]"#)
        let result = try await exchange(transcript, unknown)
        #expect(result.status == 0)
        #expect(result.output.contains(#"{"Err":{"kind":"other","message":"cargo has no option --frob""#))
        let other = request(#""kind":"get","operation":"read","args":["--profile","other"]"#)
        #expect(try await exchange(transcript, other).output.contains(#"there is no profile \"other\""#))
    }

    @Test(arguments: Transcript.Failure.allCases)
    func saysWhyInItsAnswer(_ failure: Transcript.Failure) async throws {
        let transcript = try Transcript(failure)
        let result = try await exchange(transcript, request(#""kind":"get","operation":"read""#))
        #expect(result.status == 0)
        #expect(result.output.hasPrefix(hello + #"{"Err":{"kind":"other","message":""#), "\(result)")
        #expect(result.output.contains(failure.text), "\(result)")
        #expect(!result.output.contains("s3cret"))
    }

    @Test(arguments: [
        "sparse+https://evil.example/", "https://github.com/rust-lang/crates.io-index",
        "sparse+https://example.com.evil.example/", "sparse+http://example.com/",
        "sparse+https://evil.example/https://example.com/", #"https://example.com\r\n@evil.example/"#,
        #"https://example.com\u0000/"#, "", "example.com", "sparse+https://example.com:444/",
    ])
    func servesNoOtherRegistry(_ index: String) async throws {
        let transcript = try Transcript()
        for kind in [#""kind":"get","operation":"read""#, #""kind":"login""#, #""kind":"logout""#] {
            let result = try await exchange(transcript, request(kind, index: index))
            #expect(result.status == 0)
            #expect(result.output == hello + #"{"Err":{"kind":"url-not-supported"}}"# + "\n")
        }
        try transcript.expectUntouched()
    }

    @Test func refusesUnknownOperations() async throws {
        let transcript = try Transcript()
        let result = try await exchange(transcript, request(#""kind":"frob""#))
        #expect(result.status == 0)
        #expect(result.output == hello + #"{"Err":{"kind":"operation-not-supported"}}"# + "\n")
        try transcript.expectUntouched()
    }

    @Test(arguments: [
        "", "{}", "null", "[]", "nonsense", #"{"v":1}"#, Hostile.deepJSON,
        #"{"v":2,"registry":{"index-url":"sparse+https://example.com/"},"kind":"get","operation":"read"}"#,
        #"{"v":1,"registry":{"index-url":"sparse+https://example.com/"},"kind":"get","kind":"logout"}"#,
        #"{"v":1,"registry":{"index-url":["sparse+https://example.com/"]},"kind":"get"}"#,
        #"{"v":1,"registry":"sparse+https://example.com/","kind":"get"}"#,
        #"{"v":1,"registry":{"index-url":"sparse+https://example.com/"},"kind":"get"} trailing"#,
    ])
    func refusesWhatIsNoRequest(_ line: String) async throws {
        let transcript = try Transcript()
        let result = try await exchange(transcript, line + "\n")
        #expect(result.status == 0)
        #expect(
            result.output == hello
                + #"{"Err":{"kind":"other","message":"this is not a request in version 1 of cargo's protocol","caused-by":[]}}"#
                + "\n")
        try transcript.expectUntouched()
    }

    @Test func goesOnAfterALineThatIsTooLong() async throws {
        let transcript = try Transcript()
        let result = try await exchange(
            transcript, Hostile.endless + "\n" + request(#""kind":"get","operation":"read""#))
        #expect(result.status == 0)
        let lines = result.output.split(separator: "\n")
        try #require(lines.count == 3)
        #expect(lines[1].contains("is longer than 1 MiB"))
        #expect(lines[2].hasPrefix(#"{"Ok":{"kind":"get","#))
    }

    @Test func survivesBinaryInput() async throws {
        let transcript = try Transcript()
        let result = try await transcript.call(
            "cargo-credential-butlr", "--cargo-plugin", input: .bytes(Hostile.binary))
        #expect(result.status == 0)
        #expect(result.output.split(separator: "\n").count == 3)
        try transcript.expectUntouched()
    }

    private func request(_ members: String, index: String = "sparse+https://example.com/index/") -> String {
        #"{"v":1,"registry":{"index-url":"\#(index)","name":"example"},\#(members)}"# + "\n"
    }

    private func exchange(_ transcript: Transcript, _ input: String) async throws -> Program.Outcome {
        try await transcript.call("cargo-credential-butlr", "--cargo-plugin", input: .text(input))
    }
}
