import TestSupport
import Testing

/// What Google's libraries say to an executable credential source, and what they get (google-auth 2.24).
@Suite struct GcloudTranscriptTests {
    private static let jwt = "urn:ietf:params:oauth:token-type:jwt"

    /// The variables that the library sets.
    private func variables(
        type: String = jwt, interactive: Bool = false, revokes: Bool = false, outputFile: String? = nil
    ) -> [String: String?] {
        [
            "GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE": "//iam.googleapis.com/projects/1/locations/global/x",
            "GOOGLE_EXTERNAL_ACCOUNT_TOKEN_TYPE": type, "GOOGLE_EXTERNAL_ACCOUNT_ID": "",
            "GOOGLE_EXTERNAL_ACCOUNT_INTERACTIVE": interactive ? "1" : "0",
            "GOOGLE_EXTERNAL_ACCOUNT_REVOKE": revokes ? "1" : "0",
            "GOOGLE_EXTERNAL_ACCOUNT_OUTPUT_FILE": outputFile,
        ]
    }

    /// The answer but for the time, which must be a whole number.
    private func answer(_ text: String) -> String {
        guard let start = text.firstRange(of: "\"expiration_time\":")?.upperBound else { return text }
        let rest = text[start...].drop { $0.isWholeNumber }
        return text[..<start] + "T" + rest
    }

    private func success(_ token: String, _ type: String = jwt) -> String {
        #"{"version":1,"success":true,"token_type":"\#(type)","id_token":"\#(token)","expiration_time":T}"#
            + "\n"
    }

    @Test(arguments: [jwt, "urn:ietf:params:oauth:token-type:id_token"])
    func givesAToken(_ type: String) async throws {
        let account = try Account()
        let result = try await account.helper.run("gcloud", environment: variables(type: type))
        #expect(answer(result.output) == success("token-1", type))
        #expect(result.errorBytes == [] && result.status == 0, "\(result)")
    }

    /// The library takes standard error for a part of the answer.
    @Test(arguments: ["", "debug", "trace"]) func printsNothingElse(_ log: String) async throws {
        let account = try Account(secret: "\"command:echo a message >&2; echo s3cret\"")
        try account.helper.home.write(".cache", "in the way")
        try account.helper.home.write(".local", "in the way")
        var environment = variables()
        environment["BUTLR_LOG"] = log
        let result = try await account.helper.run("gcloud", environment: environment)
        #expect(answer(result.output) == success("token-1"))
        #expect(result.errorBytes == [] && result.status == 0, "\(result)")
        // Elsewhere both are of use.
        let other = try await account.helper.run("token")
        #expect(other.errors.contains("a message") && other.errors.contains("warning"), "\(other)")
    }

    @Test func failsInItsOwnWay() async throws {
        let account = try Account(secret: "env:MISSING_SECRET")
        let result = try await account.helper.run("gcloud", environment: variables())
        #expect(
            result.output.hasPrefix(#"{"version":1,"success":false,"code":"config","message":""#), "\(result)"
        )
        #expect(result.output.hasSuffix("\"}\n") && result.output.contains("MISSING_SECRET"), "\(result)")
        #expect(result.errorBytes == [] && result.status == 0, "\(result)")
        #expect(account.logins == 0)
    }

    @Test(arguments: [
        "urn:ietf:params:oauth:token-type:saml2", "urn:ietf:params:aws:token-type:aws4_request",
    ])
    func refusesOtherKindsOfToken(_ type: String) async throws {
        let account = try Account()
        let result = try await account.helper.run("gcloud", environment: variables(type: type))
        #expect(
            result.output == """
                {"version":1,"success":false,"code":"config","message":"subject_token_type \\"\(type)\\" is not one \
                that a profile can give"}

                """)
        #expect(result.errorBytes == [] && result.status == 0, "\(result)")
        #expect(account.logins == 0)
    }

    @Test func takesNoArguments() async throws {
        let account = try Account()
        let result = try await account.helper.run("gcloud", "get", environment: variables())
        #expect(result.output.hasPrefix(#"{"version":1,"success":false,"code":"usage","#), "\(result)")
        #expect(result.errorBytes == [] && result.status == 0, "\(result)")
    }

    @Test func keepsTheAnswerInTheOutputFile() async throws {
        let account = try Account()
        let home = account.helper.home
        try home.write("answer.json", "an older one, that others may read", mode: 0o644)
        let result = try await account.helper.run(
            "gcloud", environment: variables(outputFile: home.path("answer.json")))
        #expect(answer(result.output) == success("token-1"))
        #expect(try home.read("answer.json") == result.output)
        #expect(try home.mode("answer.json") == 0o600)
        #expect(try home.files().filter { $0.hasPrefix("answer") } == ["answer.json"])
    }

    /// Whoever reads the file meanwhile has one whole answer or the other.
    @Test func replacesTheOutputFileAsAWhole() async throws {
        let account = try Account()
        let home = account.helper.home
        try home.write("elsewhere", "somebody's")
        try home.link("answer.json", to: home.path("elsewhere"))
        _ = try await account.helper.run(
            "gcloud", environment: variables(outputFile: home.path("answer.json")))
        // A file that is written in place would have been the link's target.
        #expect(try home.read("elsewhere") == "somebody's")
        #expect(answer(try home.read("answer.json")) == success("token-1"))
    }

    @Test func doesWithoutTheOutputFile() async throws {
        let account = try Account()
        let result = try await account.helper.run(
            "gcloud", environment: variables(outputFile: account.helper.home.path("no/such/folder/x")))
        #expect(answer(result.output) == success("token-1"))
        #expect(result.errorBytes == [] && result.status == 0, "\(result)")
    }

    @Test func writesNoFailureWhereATokenIsKept() async throws {
        let account = try Account(secret: "env:MISSING_SECRET")
        let home = account.helper.home
        try home.write("answer.json", "an older one")
        _ = try await account.helper.run(
            "gcloud", environment: variables(outputFile: home.path("answer.json")))
        #expect(try home.read("answer.json") == "an older one")
    }

    /// In interactive mode standard output is the user's, and the library reads the file alone.
    @Test(arguments: ["plain:s3cret", "env:MISSING_SECRET"])
    func answersByFileInInteractiveMode(_ secret: String) async throws {
        let account = try Account(secret: secret)
        let file = account.helper.home.path("answer.json")
        let result = try await account.helper.run(
            "gcloud", environment: variables(interactive: true, outputFile: file))
        #expect(result.outputBytes == [] && result.errorBytes == [] && result.status == 0, "\(result)")
        let written = try account.helper.home.read("answer.json")
        if secret.hasPrefix("plain:") {
            #expect(answer(written) == success("token-1"))
        } else {
            #expect(written.hasPrefix(#"{"version":1,"success":false,"code":"config","#), "\(written)")
        }
    }

    @Test func saysThatTheSessionIsNotForgotten() async throws {
        let account = try Account()
        _ = try await account.helper.run("gcloud", environment: variables())
        var environment = variables(revokes: true)
        environment["BUTLR_TIMEOUT"] = "3"
        let program = account.helper.program(["gcloud"], environment: environment)
        let result = try await account.helper.whileLocked { try await program.run() }
        #expect(result.status == 0 && result.errors == "", "\(result)")
        #expect(result.output.contains(#""success":false,"code":"temporary-failure""#), "\(result)")
    }

    @Test func forgetsTheSession() async throws {
        let account = try Account()
        let home = account.helper.home
        let file = home.path("answer.json")
        for interactive in [false, true] {
            _ = try await account.helper.run("gcloud", environment: variables(outputFile: file))
            #expect(home.exists("answer.json"))
            let result = try await account.helper.run(
                "gcloud",
                environment: variables(interactive: interactive, revokes: true, outputFile: file))
            #expect(result.output == "{\"version\":1,\"success\":true}\n", "\(result)")
            #expect(result.errorBytes == [] && result.status == 0, "\(result)")
            #expect(!home.exists("answer.json"))
        }
        let next = try await account.helper.run("gcloud", environment: variables())
        #expect(answer(next.output) == success("token-3"))
    }
}
