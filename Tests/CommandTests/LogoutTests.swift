import TestSupport
import Testing

@Suite struct LogoutTests {
    @Test func forgetsTokensAndSecretsAndKeepsTheProfile() async throws {
        let account = try Account()
        try await account.logIn()
        try await account.logIn("--profile", "other")
        let config = account.config
        let result = try await account.run("logout")
        #expect(result.status == 0)
        #expect(
            result.output == """
                Forgot a token of profile "default".
                Removed ~/.config/butlr-credential/secrets/default.
                Kept the profile "default" (~/.config/butlr-credential/config:1).

                """)
        #expect(account.config == config)
        let left = try account.files
        #expect(left.count == 3, "\(left)")
        #expect(left.allSatisfy { !$0.contains("default") })

        let again = try await account.run("logout")
        #expect(again.status == 0)
        #expect(again.output.hasPrefix("Nothing was kept for profile \"default\".\n"))

        // The next login needs the secret and nothing else.
        let missing = try await account.run("login", "--no-input")
        #expect(missing.errors.contains("login needs --secret-stdin or --client-secret"))
        let back = try await account.run("login", "--secret-stdin", input: .text(Account.canary))
        #expect(back.status == 0, "\(back)")
    }

    @Test func forgetsEverythingOfAll() async throws {
        let account = try Account()
        try await account.logIn()
        let user = try await account.run(
            "login", "--profile", "me", "--base-url", account.url, "--username", "ada@example.com",
            "--secret-stdin", input: .text(Account.canary))
        #expect(user.status == 0, "\(user)")
        // A profile that was taken out of the config, and one that failed.
        try await account.logIn("--profile", "gone")
        account.sandbox.configure { $0.clients = [:] }
        #expect(try await account.run("token", "--force-refresh").status == 77)
        try account.helper.config(account.config.replacing("\"gone\"", with: "\"renamed\""))
        // What a killed login has left.
        try account.helper.configFolder.write("secrets/half.butlr-new", Account.canary)

        let result = try await account.run("logout", "--all")
        #expect(result.status == 0)
        #expect(result.output.contains("Forgot 4 tokens of all profiles."), "\(result)")
        #expect(result.output.contains("Removed ~/.config/butlr-credential/secrets/gone.\n"), "\(result)")
        #expect(try account.files == [".config/butlr-credential/config"])
        #expect(
            try await account.run("logout", "--all").output.hasPrefix("Nothing was kept for any profile."))
    }

    /// Another config file's secrets are in the same folder, and so are those of names that are cut.
    @Test func leavesAnotherConfigsSecretsAlone() async throws {
        let account = try Account()
        let long = String(repeating: "long name ", count: 20)
        let other = ["--config", account.helper.home.path("other")]
        for name in ["a", long] {
            try await account.logIn("--profile", name)
            try await account.logIn("--profile", name, other[0], other[1])
        }
        let secrets = account.helper.configFolder.folder("secrets")
        let count = try secrets.files().count
        #expect(count == 4)
        try account.helper.config("")
        #expect(try await account.run("logout", "--all").status == 0)
        let left = try secrets.files()
        #expect(left.count == 2 && left.contains { $0.hasPrefix("a.") }, "\(left)")
        #expect(try await account.run("logout", "--all", other[0], other[1]).status == 0)
        #expect(try secrets.files() == [])
    }

    @Test func saysWhichSecretsItKeeps() async throws {
        let account = try Account()
        try account.helper.config(
            """
            [profile "default"]
                base-url = \(account.url)
                client-id = client_ada
                client-secret = env:CANARY
                client-secret = command:echo canary

            """)
        #expect(try await account.run("token", "--format", "header").status == 0 || true)
        let result = try await account.run("logout")
        #expect(result.output.contains("Kept its secret, which is not login's: env:CANARY, command:….\n"))
    }

    @Test func forgetsThoughTheConfigIsBroken() async throws {
        let account = try Account()
        try await account.logIn()
        try account.helper.config("[profile \"default\"]\n colour = red\n")
        let result = try await account.run("logout")
        #expect(result.status == 0, "\(result)")
        #expect(try account.files == [".config/butlr-credential/config"])
        let all = try await account.run("logout", "--all")
        #expect(all.status == 78)
        #expect(all.errors.contains("unknown key \"colour\""))
    }

    @Test func refusesANameThatIsNone() async throws {
        let account = try Account()
        try await account.logIn()
        let result = try await account.run("logout", "--profile", "defalt")
        #expect(result.status == 78)
        #expect(result.errors.contains("did you mean \"default\"?"))
        #expect(try await account.run("logout", "--all", "--profile", "default").status == 64)
        #expect(try await account.run("token").status == 0)
    }

    @Test func leavesProfilesOfASimilarNameAlone() async throws {
        let account = try Account()
        for name in ["a", "a-b", "a%20b", "A"] { try await account.logIn("--profile", name) }
        #expect(try await account.run("logout", "--profile", "a").status == 0)
        #expect(try account.files.filter { $0.hasSuffix(".token") }.count == 3)
        #expect(try account.helper.configFolder.folder("secrets").files().count == 3)
    }

    /// Profiles whose names differ only behind the place where a file's name is cut.
    @Test func tellsLongNamesApart() async throws {
        let account = try Account()
        let name = String(repeating: "long name ", count: 20)
        for end in ["1", "2"] { try await account.logIn("--profile", name + end) }
        #expect(try account.helper.configFolder.folder("secrets").files().count == 2)
        #expect(try await account.run("logout", "--profile", name + "1").status == 0)
        #expect(try await account.run("token", "--profile", name + "2").status == 0)
        #expect(account.sandbox.requests.count == 2)
        #expect(try await account.run("status", "--profile", name + "1").status == 78)
    }
}
