import TestSupport
import Testing

/// Terraform with a registry of modules, which needs neither TLS nor discovery where a `host` block names it.
@Suite(.clients("terraform")) struct TerraformTests {
    @Test func asksTheHelperForTheHost() async throws {
        let setup = try Setup()
        for _ in 1...2 {
            let result = try await setup.get()
            #expect(result.status == 0, "\(result)")
        }
        #expect(setup.realm.logins == 1)
    }

    @Test func renewsAfterExpiry() async throws {
        let setup = try Setup(lifetime: 1)
        try await setup.realm.expectRenewal { try await setup.get() }
    }

    @Test func logoutMakesRoomForANewToken() async throws {
        let setup = try Setup()
        #expect(try await setup.get().status == 0)
        setup.realm.revokeTokens()
        let refused = try await setup.get()
        #expect(refused.errors.contains("module versions: 401"), "\(refused)")
        let logout = try await setup.terraform("logout", "terraform.example.com")
        #expect(logout.status == 0, "\(logout)")
        let result = try await setup.get()
        #expect(result.status == 0, "\(result)")
    }

    @Test func sendsNothingToAForeignHost() async throws {
        let setup = try Setup()
        try setup.helper.config(setup.realm.profile(urls: ["https://other.example.com/"]))
        let result = try await setup.get()
        #expect(result.status == 1)
        #expect(result.errors.contains("module versions: 401"), "\(result)")
        #expect(setup.realm.shown == [])
        #expect(setup.realm.logins == 0)
    }

    @Test func logsWhyThereIsNoToken() async throws {
        let setup = try Setup()
        try setup.helper.config(
            setup.realm.profile(urls: ["https://terraform.example.com/"], "timeout = x"))
        let result = try await setup.get(environment: ["TF_LOG": "warn"])
        #expect(result.status == 1)
        #expect(result.errors.contains("Failed to get credentials for terraform.example.com"), "\(result)")
        #expect(result.errors.contains("timeout"), "\(result)")
    }

    private struct Setup {
        let helper: Helper
        let realm: Realm

        init(lifetime: Int = 3600) throws {
            let module = try TemporaryFolder()
            try module.write("main.tf", "")
            realm = try Realm(lifetime: lifetime) { request in
                switch request.path {
                case "/modules/team/network/aws/versions":
                    .json(#"{"modules":[{"versions":[{"version":"1.0.0"}]}]}"#)
                case "/modules/team/network/aws/1.0.0/download":
                    .http(status: 204, headers: [("X-Terraform-Get", "file://\(module.path)")])
                default: .json("{}", status: 404)
                }
            }
            helper = try Helper()
            try helper.home.link(
                ".terraform.d/plugins/terraform-credentials-butlr", to: helper.executable)
            try helper.config(realm.profile(urls: ["https://terraform.example.com/"]))
            try helper.home.write(
                ".terraformrc",
                try Integration.text("terraform/terraformrc") + """
                    host "terraform.example.com" {
                      services = { "modules.v1" = "\(realm.url)/modules/" }
                    }

                    """)
            try helper.home.write(
                "work/main.tf",
                """
                module "network" {
                  source  = "terraform.example.com/team/network/aws"
                  version = "1.0.0"
                }

                """)
        }

        func terraform(
            _ arguments: String..., environment: [String: String?] = [:]
        ) async throws -> Program.Outcome {
            let fixed: [String: String?] = [
                "TF_CLI_CONFIG_FILE": helper.home.path(".terraformrc"), "CHECKPOINT_DISABLE": "1",
            ]
            var terraform = helper.client(
                "terraform", arguments, environment: fixed.merging(environment) { $1 })
            terraform.workingDirectory = helper.home.path("work")
            return try await terraform.run()
        }

        /// Fetches the module anew.
        func get(environment: [String: String?] = [:]) async throws -> Program.Outcome {
            try helper.home.remove("work/.terraform")
            return try await terraform("get", "-no-color", environment: environment)
        }
    }
}
