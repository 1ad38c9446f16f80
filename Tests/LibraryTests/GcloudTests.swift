import TestSupport
import Testing

/// `integrations/gcloud` with gcloud itself, against a stand-in for Google's token service.
@Suite struct GcloudTests {
    /// Exchanges every token (RFC 8693) for one that names it.
    private func tokenService(lifetime: Int = 3600) throws -> ScriptedServer {
        try ScriptedServer { request, _ in
            guard request.path == "/v1/token" else {
                return .json(#"{"active":true,"username":"principal://example/subject/ada"}"#)
            }
            return .json(
                """
                {"access_token":"google-for-\(request.form["subject_token"] ?? "nobody")","token_type":"Bearer",
                 "issued_token_type":"urn:ietf:params:oauth:token-type:access_token","expires_in":\(lifetime)}
                """)
        }
    }

    /// Writes the integration's credential file for this service and helper, named by an absolute path.
    private func writeCredentialFile(_ account: Account, _ service: ScriptedServer) throws {
        let text = try integration(
            "gcloud/credential.json",
            replacing: [
                ("https://sts.googleapis.com", service.url),
                (
                    "/usr/local/bin/butlr-credential --profile google",
                    account.helper.home.path("bin/butlr-credential") + " --profile default"
                ),
            ])
        try account.helper.home.write("credential.json", text)
    }

    private func gcloud(_ account: Account, _ arguments: String...) async throws -> Program.Outcome {
        // gcloud looks for a Python of its own where the machine's needs the user's home.
        let python = try await requirePython(named: "python3")
        return try await account.program(
            "gcloud", arguments,
            [
                "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES": "1",
                "CLOUDSDK_CONFIG": account.helper.home.path("gcloud"), "CLOUDSDK_PYTHON": python,
                "CLOUDSDK_CORE_DISABLE_PROMPTS": "1", "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
                "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
            ]
        ).run()
    }

    /// Whatever the helper has to say to people, gcloud sees nothing but the answer.
    @Test(.clients("gcloud", "python3")) func logsInAndPrintsATokenThatRenews() async throws {
        // Google's tokens are renewed 225 s before their end.
        let service = try tokenService(lifetime: 60)
        let account = try Account(
            lifetime: 0, secret: "\"command:echo a message >&2; echo s3cret\"",
            environment: ["BUTLR_LOG": "trace"])
        try writeCredentialFile(account, service)
        // Nothing can be kept here, which is a warning elsewhere.
        try account.helper.home.write(".cache", "")

        let login = try await gcloud(account, "auth", "login", "--cred-file=credential.json")
        #expect(login.status == 0, "\(login)")
        let first = try await gcloud(account, "auth", "print-access-token")
        let second = try await gcloud(account, "auth", "print-access-token")
        for printed in [first, second] {
            #expect(printed.output.hasPrefix("google-for-token-"), "\(printed)")
        }
        #expect(first.output != second.output, "\(second)")
        let exchanges = service.requests.filter { $0.path == "/v1/token" }
        #expect(
            exchanges.allSatisfy { $0.form["subject_token_type"] == "urn:ietf:params:oauth:token-type:jwt" })
        #expect(exchanges.count == account.logins)
    }

    @Test(.clients("gcloud", "python3")) func showsWhyThereIsNoToken() async throws {
        let service = try tokenService()
        let account = try Account(secret: "env:MISSING_SECRET")
        try writeCredentialFile(account, service)
        let result = try await gcloud(account, "auth", "login", "--cred-file=credential.json")
        #expect(result.status != 0)
        #expect(result.errors.contains("unsuccessful response: code: config"), "\(result)")
        #expect(result.errors.contains("MISSING_SECRET"), "\(result)")
        #expect(service.requests.isEmpty)
    }
}
