import TestSupport
import Testing

@Suite struct DockerTranscriptTests {
    private let notFound = "credentials not found in native keychain\n"

    @Test(arguments: [
        "example.com", "example.com\n", " EXAMPLE.com\r\n", "https://example.com", "https://example.com/v1/",
        "example.com/v2/", "example.com:443", "example.com/team/image",
    ])
    func getsAToken(_ key: String) async throws {
        let transcript = try Transcript()
        let result = try await transcript.call("docker-credential-butlr", "get", input: .text(key))
        #expect(result.status == 0, "\(result)")
        let name = key.filter { !$0.isWhitespace }
        #expect(
            result.output
                == #"{"ServerURL":"\#(name)","Username":"oauth2accesstoken","Secret":"\#(Transcript.token)"}"#
                + "\n")
        #expect(result.errors == "")
    }

    @Test func namesTheUserOfTheProfile() async throws {
        let transcript = try Transcript(lines: "docker-username = <token>")
        let result = try await transcript.call("docker-credential-butlr", "get", input: "example.com")
        #expect(
            result.output
                == #"{"ServerURL":"example.com","Username":"<token>","Secret":"\#(Transcript.token)"}"# + "\n"
        )
        let list = try await transcript.call("docker-credential-butlr", "list", input: "unused")
        #expect(list.output == #"{"example.com":"<token>"}"# + "\n")
    }

    @Test(arguments: Transcript.Failure.allCases)
    func saysWhyOnStandardOutput(_ failure: Transcript.Failure) async throws {
        let transcript = try Transcript(failure)
        let result = try await transcript.call("docker-credential-butlr", "get", input: "example.com")
        #expect(result.status == 1)
        #expect(result.output.hasPrefix("butlr-credential: "), "\(result)")
        #expect(result.output.contains(failure.text), "\(result)")
        #expect(!result.output.contains("s3cret"))
        #expect(result.errors == "")
    }

    @Test(arguments: Hostile.hosts.filter { !$0.allSatisfy(\.isWhitespace) && $0 != "example.com\r" })
    func knowsNoOtherRegistry(_ key: String) async throws {
        let transcript = try Transcript()
        let result = try await transcript.call("docker-credential-butlr", "get", input: .text(key))
        #expect(result.status == 1)
        #expect(result.output == notFound)
        let erase = try await transcript.call("docker-credential-butlr", "erase", input: .text(key))
        #expect(erase.status == 0)
        #expect(erase.output == "")
        try transcript.expectUntouched()
    }

    @Test func knowsNoRegistryWithoutConfig() async throws {
        let helper = try Helper()
        var program = helper.program(["get"])
        program.calledAs = "docker-credential-butlr"
        let result = try await program.run(input: "example.com")
        #expect(result.status == 1)
        #expect(result.output == notFound)
        #expect(try helper.home.list() == [])
    }

    @Test func refusesWhatIsNoName() async throws {
        let transcript = try Transcript()
        let empty = try await transcript.call("docker-credential-butlr", "get", input: " \n")
        #expect(empty.status == 1)
        #expect(empty.output == "no credentials server URL\n")
        for input in [Hostile.binary, Array(Hostile.endless.utf8)] {
            let result = try await transcript.call("docker-credential-butlr", "get", input: .bytes(input))
            #expect(result.status == 1)
            #expect(result.output.hasPrefix("butlr-credential: "), "\(result)")
            #expect(result.output != notFound)
        }
        try transcript.expectUntouched()
    }

    @Test(arguments: [
        #"{"ServerURL":"example.com","Username":"ada","Secret":"s"}"# + "\n", "", "{", Hostile.deepJSON,
        #"{"Username":"a","Username":"b"}"#,
    ])
    func storesNothing(_ request: String) async throws {
        let transcript = try Transcript()
        let result = try await transcript.call("docker-credential-butlr", "store", input: .text(request))
        #expect(result.status == 0)
        #expect(result.output == "")
        try transcript.expectUntouched()
    }

    @Test(arguments: [
        (#"{"ServerURL":"","Username":"ada","Secret":"s"}"#, "no credentials server URL\n"),
        (#"{"ServerURL":"example.com","Username":"","Secret":"s"}"#, "no credentials username\n"),
    ])
    func storeSaysWhatIsMissing(_ request: String, _ reason: String) async throws {
        let transcript = try Transcript()
        let result = try await transcript.call("docker-credential-butlr", "store", input: .text(request))
        #expect(result.status == 1 && result.output == reason, "\(result)")
    }

    @Test func eraseForgetsTheToken() async throws {
        let transcript = try Transcript()
        for count in 1...2 {
            #expect(
                try await transcript.call("docker-credential-butlr", "get", input: "example.com").status == 0)
            #expect(transcript.provider.requests.count == count)
            let erase = try await transcript.call("docker-credential-butlr", "erase", input: "example.com")
            #expect(erase.status == 0)
            #expect(erase.output == "")
        }
    }

    @Test func listsWhatProfilesServe() async throws {
        let transcript = try Transcript(
            lines: "url = https://*.wild.example/", "url = https://example.com:5000/a",
            "url = https://example.com/b")
        for input: Program.Input in ["unused", .null] {
            let result = try await transcript.call("docker-credential-butlr", "list", input: input)
            #expect(result.status == 0)
            #expect(
                result.output
                    == #"{"example.com":"oauth2accesstoken","example.com:5000":"oauth2accesstoken"}"# + "\n")
        }
        try transcript.expectUntouched()
        let none = try await Helper().run("docker", "list")
        #expect(none.output == "{}\n")
    }

    @Test func saysItsVersion() async throws {
        let result = try await Transcript().call("docker-credential-butlr", "version")
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("butlr-credential "))
    }

    @Test func refusesUnknownOperations() async throws {
        let transcript = try Transcript()
        let unknown = try await transcript.call("docker-credential-butlr", "frob\u{1b}[2J")
        #expect(unknown.status == 1)
        #expect(unknown.output.hasPrefix("unknown action: frob"))
        #expect(!unknown.output.contains("\u{1b}"))
        let usage = "usage: docker-credential-butlr get|store|erase|list|version\n"
        #expect(try await transcript.call("docker-credential-butlr").output == usage)
        let two = try await transcript.call("docker-credential-butlr", "get", "example.com")
        #expect(two.status == 1)
        #expect(two.output == usage)
        try transcript.expectUntouched()
    }
}
