import TestSupport
import Testing

@Suite struct TerraformTranscriptTests {
    @Test(arguments: ["example.com", "example.com:443", "EXAMPLE.com"])
    func getsAToken(_ host: String) async throws {
        let transcript = try Transcript()
        let result = try await transcript.call("terraform-credentials-butlr", "get", host)
        #expect(result.status == 0)
        #expect(result.output == #"{"token":"\#(Transcript.token)"}"# + "\n")
        #expect(result.errors == "")
    }

    @Test func takesArgumentsBeforeTheOperation() async throws {
        let transcript = try Transcript()
        let result = try await transcript.call(
            "terraform-credentials-butlr", "--profile", "default", "get", "example.com")
        #expect(result.output == #"{"token":"\#(Transcript.token)"}"# + "\n")
    }

    @Test(arguments: Transcript.Failure.allCases)
    func saysWhyOnStandardError(_ failure: Transcript.Failure) async throws {
        let transcript = try Transcript(failure)
        let result = try await transcript.call("terraform-credentials-butlr", "get", "example.com")
        #expect(result.status == failure.status)
        #expect(result.output == "")
        #expect(result.errors.contains(failure.text), "\(result)")
        #expect(!result.errors.contains("s3cret"))
    }

    // A NUL cannot be in an argument.
    @Test(arguments: Hostile.hosts.filter { !$0.contains("\u{0}") })
    func hasNothingForOtherHosts(_ host: String) async throws {
        let transcript = try Transcript()
        let get = try await transcript.call("terraform-credentials-butlr", "get", host)
        #expect(get.status == 0, "\(get)")
        #expect(get.output == "{}\n")
        let forget = try await transcript.call("terraform-credentials-butlr", "forget", host)
        #expect(forget.status == 0)
        #expect(forget.output == "")
        try transcript.expectUntouched()
    }

    @Test func hasNothingWithoutConfig() async throws {
        let helper = try Helper()
        let result = try await helper.run("terraform", "get", "example.com")
        #expect(result.status == 0)
        #expect(result.output == "{}\n")
        #expect(try helper.home.list() == [])
    }

    @Test func saysThatATokenIsNotForgotten() async throws {
        let transcript = try Transcript(lines: "timeout = 3")
        _ = try await transcript.call("terraform-credentials-butlr", "get", "example.com")
        let forget = try await transcript.helper.whileLocked {
            try await transcript.call("terraform-credentials-butlr", "forget", "example.com")
        }
        #expect(forget.status == 75, "\(forget)")
        #expect(forget.errors.contains("another process"), "\(forget)")
    }

    @Test func forgetsTheToken() async throws {
        let transcript = try Transcript()
        for count in 1...2 {
            #expect(
                try await transcript.call("terraform-credentials-butlr", "get", "example.com").status == 0)
            #expect(transcript.provider.requests.count == count)
            let forget = try await transcript.call("terraform-credentials-butlr", "forget", "example.com")
            #expect(forget.status == 0)
            #expect(forget.output == "")
        }
    }

    @Test(arguments: [#"{"token":"x"}"#, "", Hostile.deepJSON])
    func cannotStore(_ input: String) async throws {
        let transcript = try Transcript()
        let result = try await transcript.call(
            "terraform-credentials-butlr", "store", "example.com", input: .text(input))
        #expect(result.status == 64)
        #expect(result.output == "")
        #expect(result.errors == "butlr-credential: tokens come from the provider and cannot be stored\n")
        try transcript.expectUntouched()
    }

    @Test(arguments: [["frob", "example.com"], ["get"], [], ["get", "example.com", "more"]])
    func refusesUnknownOperations(_ arguments: [String]) async throws {
        let transcript = try Transcript()
        var program = transcript.helper.program(arguments)
        program.calledAs = "terraform-credentials-butlr"
        let result = try await program.run()
        #expect(result.status == 64)
        #expect(result.output == "")
        #expect(result.errors.contains("get|store|forget HOST"), "\(result)")
        try transcript.expectUntouched()
    }
}
