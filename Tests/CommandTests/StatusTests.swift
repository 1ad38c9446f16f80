import FoundationEssentials
import TestSupport
import Testing

@Suite struct StatusTests {
    /// A config with profiles in every state; relative, so that messages about it are always the same.
    private func writeConfig(_ account: Account) throws {
        try account.helper.home.write(
            "conf",
            """
            [profile "default"]
                base-url = \(account.url)
                client-id = client_ada
                client-secret = env:CANARY
                scope = read write
            [profile "id"]
                provider = oauth2
                token-endpoint = https://id.example.com/token
                client-id = cli
                client-secret = command:pass show canary
                username = somebody.with.a.very.long.name@department.example.com
                password = file:~/.password
            [profile "broken"]
                grant = magic
            [profile "lost"]
                client-id = client_lost
                client-secret = env:NOT_SET
                client-secret = file:~/nowhere

            """)
        try account.helper.home.write(".password", Account.canary)
    }

    /// What status says of a source is what a call would say.
    @Test func looksForASecretAsACallDoes() async throws {
        let account = try Account()
        try account.helper.home.write(
            "conf", "[profile \"default\"]\nclient-id = cli\nclient-secret = file:~/secret\n")
        let reason = "file:~/secret cannot be found: HOME is not set"
        for command in ["status", "token"] {
            let result = try await account.run(
                command, "--config", "conf", environment: ["HOME": nil, "COLUMNS": "200"])
            #expect("\(result.output)\(result.errors)".contains(reason), "\(result)")
        }
    }

    @Test func showsATableIn80Columns() async throws {
        let account = try Account()
        try writeConfig(account)
        #expect(try await account.helper.run("--config", "conf", "token").status == 0)
        let result = try await account.run("status", "--config", "conf")
        #expect(
            // A slow machine takes its time before it looks.
            result.output.replacing(/5\d minutes/, with: "60 minutes") == """
                PROFILE  WHO                            PROVIDER  GRANT               TOKEN
                default  client_ada                     butlr     client-credentials  60 minutes
                    scope   read write
                    secret  env:CANARY
                id       somebody.with.a.very.long.na…  oauth2    password            none
                    client    cli
                    secret    command:… (not tried)
                    password  file:~/.password
                broken
                    error  conf:14: grant: "magic" is none of client-credentials or password
                lost     client_lost                    butlr     client-credentials  none
                    secret  env:NOT_SET is not set; file:~/nowhere cannot be read: No such file
                            or directory

                Not every profile can give a token. This says what to type:
                  butlr-credential doctor --config \(account.helper.home.path("conf"))

                """, "\(result)")
        #expect(result.status == 78)
        #expect(result.errors.isEmpty)
        let lines = result.output.split(separator: "\n") as [Substring]
        #expect(lines.dropLast().allSatisfy { $0.count <= 80 })
        // The table says nothing new and asks nobody.
        #expect(account.sandbox.requests.count == 1)
    }

    @Test(arguments: [20, 30, 50, 66]) func fitsANarrowWindow(_ width: Int) async throws {
        let account = try Account()
        try writeConfig(account)
        let result = try await account.run("status", "--config", "conf", environment: ["COLUMNS": "\(width)"])
        for line in result.output.split(separator: "\n") {
            // A word that is too long for the window is not cut, nor is a command: it would be of no use.
            if line.hasPrefix("  butlr-credential doctor ") { continue }
            #expect(line.count <= width || line.split(separator: " ").count <= 2, "\(line)")
        }
        #expect(result.output.contains("provider") == (width < 66), "\(result)")
    }

    @Test func asksTheTerminalForItsWidth() async throws {
        let account = try Account()
        try writeConfig(account)
        let narrow = try await account.terminal("status", "--config", "conf", columns: 40).end()
        #expect(narrow.screen.contains("  provider  butlr\r\n"), "\(narrow.screen)")
        #expect(!narrow.screen.contains("\u{1B}"))
        let wide = try await account.terminal("status", "--config", "conf", columns: 200).end()
        #expect(wide.screen.contains("name@department.example.com  oauth2"), "\(wide.screen)")
    }

    @Test func isAsGoodAsItsWorstProfile() async throws {
        let account = try Account()
        #expect(try await account.run("status").status == 78)
        try await account.logIn()
        #expect(try await account.run("status").status == 0)
        try account.helper.config(
            account.config + "[profile \"x\"]\n client-id = x\n client-secret = env:NONE\n")
        #expect(try await account.run("status").status == 78)
        #expect(try await account.run("status", "--profile", "default").status == 0)
        let unknown = try await account.run("status", "--profile", "y")
        #expect(unknown.status == 78)
        #expect(unknown.errors.contains("there is no profile \"y\""))
        #expect(unknown.output.isEmpty)
    }

    @Test func saysWhatFailedAndUntilWhen() async throws {
        let account = try Account()
        try await account.logIn()
        account.sandbox.configure { $0.clients = [:] }
        #expect(try await account.run("token", "--force-refresh").status == 77)
        // The token that is stored is still good.
        let good = try await account.run("status")
        #expect(good.status == 0)
        #expect(good.output.contains("ago: \(account.url)/api/v2/clients/login answered"))
        try account.helper.home.remove(".cache")
        let result = try await account.run("status")
        #expect(result.status == 77, "\(result)")
        let words = result.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        #expect(words.contains("(access_denied: Unauthorized); the provider is asked again in "))
        #expect(words.contains(", or when a secret changes"))
    }

    @Test func tellsProgramsInOneObject() async throws {
        let account = try Account()
        try writeConfig(account)
        #expect(try await account.helper.run("--config", "conf", "token").status == 0)
        let result = try await account.run("status", "--json", "--config", "conf")
        #expect(result.status == 78)
        struct Answer: Decodable {
            struct Profile: Decodable {
                struct Token: Decodable {
                    let fresh: Bool
                    let expires: String
                    let lifetime: Int

                    enum CodingKeys: String, CodingKey {
                        case fresh, expires
                        case lifetime = "expires_in"
                    }
                }
                struct Secret: Decodable {
                    struct Source: Decodable, Equatable {
                        let source, state: String
                    }
                    let key: String
                    let sources: [Source]
                }
                struct Failure: Decodable {
                    let code: String
                    let message: String
                }
                let name: String
                let ready: Bool
                let provider, grant, subject, scope: String?
                let token: Token?
                let secrets: [Secret]?
                let error: Failure?
            }
            let version: Int
            let profiles: [Profile]
        }
        let answer = try JSONDecoder().decode(Answer.self, from: Data(result.outputBytes))
        #expect(answer.version == 1)
        #expect(answer.profiles.map(\.name) == ["default", "id", "broken", "lost"])
        #expect(answer.profiles.map(\.ready) == [true, true, false, false])
        #expect(answer.profiles[0].subject == "client_ada")
        #expect(answer.profiles[0].scope == "read write")
        #expect(answer.profiles[0].token?.fresh == true)
        #expect((3500...3600).contains(answer.profiles[0].token?.lifetime ?? 0))
        #expect(answer.profiles[1].secrets?[0].sources == [.init(source: "command:…", state: "not-tried")])
        #expect(answer.profiles[1].secrets?[1].sources[0].state == "present")
        #expect(answer.profiles[2].error?.code == "config")
        #expect(answer.profiles[3].secrets?[0].sources.map(\.state) == ["missing", "missing"])

        let none = try await account.run("status", "--json")
        #expect(none.status == 78)
        #expect(none.output.hasPrefix(#"{"version":1,"error":{"code":"config","#))
    }
}
