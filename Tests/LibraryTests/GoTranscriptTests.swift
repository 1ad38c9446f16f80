import TestSupport
import Testing

/// What the go command says to a GOAUTH command, and what it gets (Go 1.24.4).
@Suite struct GoTranscriptTests {
    private static let url = "https://proxy.example.com/example.com/demo/@v/list"

    private func response(_ status: String, _ fields: String = "") -> Program.Input {
        .text("HTTP/1.1 \(status)\nContent-Length: 0\n\(fields)\n")
    }

    @Test func namesTheServersAtFirst() async throws {
        let account = try Account(for: [
            "https://proxy.example.com/", "https://git.example.com:8443/", "https://*.wild.example/",
            "http://127.0.0.1:8080/",
        ])
        let result = try await account.helper.run("go")
        #expect(
            result.output == """
                https://proxy.example.com
                https://proxy.example.com/
                https://git.example.com:8443
                https://git.example.com:8443/

                Authorization: Bearer token-1


                """)
        #expect(result.errorBytes == [] && result.status == 0, "\(result)")
    }

    @Test func saysNothingWhereNoServerIsListed() async throws {
        let account = try Account(for: ["http://127.0.0.1:8080/"])
        let result = try await account.helper.run("go")
        #expect(result.outputBytes == [] && result.status == 0, "\(result)")
    }

    /// A URL is found again only by the very text that the tool wrote, query and all.
    @Test(arguments: [url, "https://proxy.example.com/x?go-get=1", "https://proxy.example.com/%21a/!b"])
    func repeatsTheURL(_ url: String) async throws {
        let account = try Account(for: ["https://proxy.example.com/"])
        let result = try await account.helper.run("go", url, input: response("404 Not Found"))
        #expect(
            result.output == """
                \(url)
                \(url)/
                https://proxy.example.com
                https://proxy.example.com/

                Authorization: Bearer token-1


                """)
        #expect(result.errorBytes == [] && result.status == 0, "\(result)")
    }

    @Test func staysBelowAPath() async throws {
        let account = try Account(for: ["https://proxy.example.com/example.com/"])
        let result = try await account.helper.run(
            "go", GoTranscriptTests.url, input: response("401 Unauthorized"))
        #expect(
            result.output == """
                \(GoTranscriptTests.url)
                \(GoTranscriptTests.url)/

                Authorization: Bearer token-1


                """)
    }

    @Test(arguments: [
        ("401 Unauthorized", "token-2"), ("403 Forbidden", "token-1"), ("404 Not Found", "token-1"),
        ("410 Gone", "token-1"),
    ])
    func replacesATokenThatWasRefused(_ status: String, _ token: String) async throws {
        let account = try Account(for: ["https://proxy.example.com/"])
        let first = try await account.helper.run("go")
        #expect(first.output.contains("Bearer token-1\n"))
        let second = try await account.helper.run("go", GoTranscriptTests.url, input: response(status))
        #expect(second.output.contains("Bearer \(token)\n"), "\(second)")
    }

    /// The first call did not name these servers, so the request that was refused had no token; unless the server
    /// says otherwise (RFC 6750 §3.1).
    @Test(arguments: [
        ("", "token-1"), ("Www-Authenticate: Bearer realm=\"x\"\n", "token-1"),
        ("Www-Authenticate: Bearer error=\"invalid_token\"\n", "token-2"),
    ])
    func keepsATokenThatWasNotSent(_ fields: String, _ token: String) async throws {
        for url in ["https://*.example.com/", "https://proxy.example.com/example.com/"] {
            let account = try Account(for: [url])
            _ = try await account.helper.run("token")
            let result = try await account.helper.run(
                "go", GoTranscriptTests.url, input: response("401 Unauthorized", fields))
            #expect(result.output.contains("Bearer \(token)\n"), "\(result)")
        }
    }

    @Test(arguments: [
        "https://other.example/x", "http://proxy.example.com/x", "https://proxy.example.com.evil.example/",
    ])
    func saysNothingForOthers(_ url: String) async throws {
        let account = try Account(for: ["https://proxy.example.com/"])
        let result = try await account.helper.run("go", url, input: response("401 Unauthorized"))
        #expect(result.outputBytes == [] && result.errorBytes == [] && result.status == 0, "\(result)")
        #expect(account.logins == 0)
    }

    /// What is no URL is not repeated: a line break in it would be a header.
    @Test func repeatsNothingThatIsNoURL() async throws {
        let account = try Account(for: ["https://proxy.example.com/"])
        for url in [
            "https://proxy.example.com/\n\nX-Evil: 1", "https://proxy.example.com/ x", "proxy.example.com",
        ] {
            let result = try await account.helper.run("go", url, input: response("401 Unauthorized"))
            #expect(result.outputBytes == [], "\(result)")
        }
    }

    @Test func saysWhyThereIsNoToken() async throws {
        let account = try Account(for: ["https://proxy.example.com/"], secret: "env:MISSING_SECRET")
        let result = try await account.helper.run("go")
        #expect(result.status == 78 && result.outputBytes == [], "\(result)")
        #expect(result.errors.contains("MISSING_SECRET"), "\(result)")
    }
}
