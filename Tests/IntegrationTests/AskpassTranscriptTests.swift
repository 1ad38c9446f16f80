import TestSupport
import Testing

@Suite struct AskpassTranscriptTests {
    @Test func answersBothQuestions() async throws {
        let transcript = try Transcript(lines: "git-username = x-access-token")
        let user = try await transcript.call("butlr-askpass", "Username for 'https://example.com': ")
        #expect(user.status == 0)
        #expect(user.output == "x-access-token\n")
        // The user's name needs no token.
        try transcript.expectUntouched()
        let password = try await transcript.call(
            "butlr-askpass", "Password for 'https://x-access-token@example.com': ")
        #expect(password.status == 0)
        #expect(password.output == Transcript.token + "\n")
        #expect(password.errors == "")
    }

    @Test func namesAUserWhereTheProfileDoesNot() async throws {
        let result = try await Transcript().call(
            "butlr-askpass", "Username for 'https://example.com/team/project.git': ")
        #expect(result.output == "oauth2\n")
    }

    @Test(arguments: Transcript.Failure.allCases)
    func saysWhyOnStandardError(_ failure: Transcript.Failure) async throws {
        let transcript = try Transcript(failure)
        let result = try await transcript.call("butlr-askpass", "Password for 'https://example.com': ")
        #expect(result.status == failure.status)
        #expect(result.output == "")
        #expect(result.errors.contains(failure.text), "\(result)")
    }

    @Test(arguments: [
        "https://evil.example", "https://example.com@evil.example",
        "https://evil.example/'https://example.com",
        "https://example.com%0d%0a.evil.example", "https://example.com\r\n.evil.example", "example.com",
        "http://example.com", "", "cert://", "https://oauth2@example.com:444",
    ])
    func knowsNoOtherServer(_ url: String) async throws {
        let transcript = try Transcript()
        for question in ["Username", "Password"] {
            let result = try await transcript.call("butlr-askpass", "\(question) for '\(url)': ")
            #expect(result.status == 69, "\(result)")
            #expect(result.output == "")
        }
        try transcript.expectUntouched()
    }

    @Test(arguments: [
        "ada@example.com's password: ", "Enter passphrase for key '/home/ada/.ssh/id_ed25519': ",
        "Enter passphrase for key 'https://example.com': ",
        "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
        "Password for https://example.com: ", "password for 'https://example.com': ", "Password for '", "",
        String(repeating: "'", count: 50_000),
    ])
    func answersNoOtherQuestion(_ question: String) async throws {
        let transcript = try Transcript()
        let result = try await transcript.call("butlr-askpass", question)
        #expect(result.status == 65, "\(result)")
        #expect(result.output == "")
        #expect(result.errors.utf8.count < 500)
        try transcript.expectUntouched()
    }

    @Test func takesOneArgument() async throws {
        let transcript = try Transcript()
        #expect(try await transcript.call("butlr-askpass").status == 64)
        #expect(try await transcript.call("butlr-askpass", "a", "b").status == 64)
        try transcript.expectUntouched()
    }
}
