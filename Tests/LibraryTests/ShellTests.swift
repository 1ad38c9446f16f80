import TestSupport
import Testing

/// `integrations/shell`: what scripts and CI jobs do.
@Suite struct ShellTests {
    @Test(.clients("curl")) func runsAScriptWithAToken() async throws {
        let account = try SandboxAccount()
        for _ in 0..<2 {
            let result = try await account.helper.run("exec", "--", integration("shell/report.sh"))
            #expect(result.output.contains("client_sandbox"), "\(result)")
        }
        #expect(account.sandbox.requests.count == 1)
    }

    /// The very lines that the CI examples run.
    @Test(arguments: ["github-actions.yml", "gitlab-ci.yml"])
    func runsAsInCI(_ file: String) async throws {
        let line = try #require(
            try Folder("/").read(integration("shell/\(file)")).split(separator: "\n")
                .last { $0.contains("butlr-credential") })
        let command = String(line[try #require(line.firstRange(of: "butlr-credential")).lowerBound...])
        let account = try SandboxAccount()
        try account.helper.home.writeScript(
            "report.sh",
            "#!/bin/sh\nprintf '%s|%s' \"${BUTLR_ACCESS_TOKEN%%.*}\" \"${BUTLR_CLIENT_SECRET-}\"\n")
        let result = try await account.helper.client("sh", ["-ec", command]).run()
        // A JWT's head, and no secret.
        #expect(result.output.hasPrefix("eyJ") && result.output.hasSuffix("|"), "\(result)")
    }

    @Test(arguments: ["sh", "bash", "dash"])
    func putsATokenInTheEnvironment(_ shell: String) async throws {
        try requireClient(shell)
        let account = try Account()
        let lines = """
            assignment=$(butlr-credential token --format env) && eval "$assignment"
            printenv BUTLR_ACCESS_TOKEN
            """
        let result = try await account.program(shell, ["-ec", lines]).run()
        #expect(result.output == "token-1\n", "\(result)")
    }

    @Test func stopsAScriptWithoutAToken() async throws {
        let account = try Account()
        for line in [
            "token=$(butlr-credential token --url https://foreign.example/) || exit",
            "assignment=$(butlr-credential token --url https://foreign.example/ --format env)"
                + " && eval \"$assignment\" || exit",
        ] {
            let result = try await account.program("sh", ["-c", line + "\necho went on"]).run()
            #expect(result.status == 69 && result.output.isEmpty, "\(result)")
        }
        #expect(account.logins == 0)
    }

    @Test func renewsWhatDoesNotLiveLongEnough() async throws {
        let account = try Account(lifetime: 60)
        let line = "butlr-credential token; butlr-credential token; butlr-credential token --min-ttl 2h"
        let result = try await account.program("sh", ["-c", line]).run()
        #expect(result.output == "token-1\ntoken-1\ntoken-2\n", "\(result)")
    }
}
