import TestSupport
import Testing

/// What Bazel says to a credential helper, and what it gets (Bazel 7.7).
@Suite struct BazelTranscriptTests {
    @Test(arguments: [
        "https://remote.example.com/a/file.txt",
        "grpcs://remote.example.com/build.bazel.remote.execution.v2.Capabilities/GetCapabilities",
    ])
    func givesHeaders(_ uri: String) async throws {
        let account = try Account(for: ["https://remote.example.com/"])
        // No newline at its end.
        let result = try await account.helper.run("get", input: "{\"uri\":\"\(uri)\"}")
        #expect(result.output.contains(#""headers":{"Authorization":["Bearer token-1"]}"#), "\(result)")
        #expect(result.output.hasSuffix("}\n") && result.output.split(separator: "\n").count == 1)
        // yyyy-MM-dd'T'HH:mm:ssXXX: a fraction of a second is refused.
        let expires = try #require(result.output.firstRange(of: #""expires":""#)).upperBound
        let date = result.output[expires...].prefix { $0 != "\"" }
        #expect(date.map { $0.isWholeNumber ? "0" : $0 } == Array("0000-00-00T00:00:00Z"), "\(date)")
        #expect(result.errorBytes == [] && result.status == 0, "\(result)")
    }

    @Test func refusesOtherServers() async throws {
        let account = try Account(for: ["https://remote.example.com/"])
        let result = try await account.helper.run(
            "get", input: #"{"uri":"https://unrelated.example.org/x"}"#)
        #expect(result.status == 69, "\(result)")
        #expect(
            !result.output.contains("headers") && result.errors.contains("unrelated.example.org"), "\(result)"
        )
        #expect(account.logins == 0)
    }

    @Test func refusesUnknownCommands() async throws {
        let account = try Account(for: ["https://remote.example.com/"])
        let result = try await account.helper.run("frob", input: #"{"uri":"https://remote.example.com/"}"#)
        #expect(result.status == 64 && result.outputBytes == [] && !result.errors.isEmpty, "\(result)")
    }

    @Test func renewsWhatHasExpired() async throws {
        let account = try Account(for: ["https://remote.example.com/"], lifetime: 0)
        for token in ["token-1", "token-2"] {
            let result = try await account.helper.run("get", input: #"{"uri":"https://remote.example.com/"}"#)
            #expect(result.output.contains("Bearer \(token)\""), "\(result)")
        }
    }

    /// The integration's bazelrc: what Bazel makes of its line, which names a host and a program on the `PATH`.
    @Test func isFoundAsTheBazelrcHasIt() async throws {
        let line = try #require(
            try Folder("/").read(integration("bazel/bazelrc")).split(separator: "\n")
                .first { $0.hasPrefix("common --credential_helper=") })
        let parts = line.split(separator: "=")
        try #require(parts.count == 3 && parts[1].hasPrefix("*."), "\(line)")
        let host = "remote" + parts[1].dropFirst()
        let account = try Account(for: ["https://\(host)/"])
        let program = try #require(Program.find(account.helper.home.path("bin/\(parts[2])")))
        let result = try await account.program(program, ["get"]).run(input: "{\"uri\":\"https://\(host)/\"}")
        #expect(result.output.contains("Bearer token-1\""), "\(result)")
    }
}
