import TestSupport
import Testing

/// What pip and uv say to the command `keyring`, and what they get: the bytes of keyring 25.7.
@Suite struct PipTranscriptTests {
    private static let index = "https://pypi.example.com/simple/"

    private func keyring(_ account: Account, _ arguments: [String]) async throws -> Program.Outcome {
        try account.helper.install(as: "keyring")
        return try await account.program(account.helper.home.path("bin/keyring"), arguments).run()
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let arguments: [String]
        let output: String
        var testDescription: String { "keyring " + arguments.joined(separator: " ") }
    }

    @Test(arguments: [
        // pip before 26.2; uv
        Case(arguments: ["get", index, "oauth2accesstoken"], output: "token-1\n"),
        Case(arguments: ["get", "pypi.example.com", "ada"], output: "token-1\n"),
        // pip from 26.2 on
        Case(
            arguments: ["--mode=creds", "--output=json", "get", index],
            output: #"{"username": "oauth2accesstoken", "password": "token-1"}"# + "\n"),
        Case(
            arguments: ["--mode=creds", "--output=json", "get", index, "ada"],
            output: #"{"username": "ada", "password": "token-1"}"# + "\n"),
        // uv without a user name
        Case(arguments: ["get", index, "--mode", "creds"], output: "oauth2accesstoken\ntoken-1\n"),
        Case(
            arguments: ["get", "pypi.example.com", "--mode", "creds"], output: "oauth2accesstoken\ntoken-1\n"),
        // and whatever else keyring takes
        Case(arguments: ["--mode=creds", "get", index, "ada"], output: "ada\ntoken-1\n"),
        Case(
            arguments: ["--output", "json", "get", index, "ada"], output: #"{"password": "token-1"}"# + "\n"),
        Case(arguments: ["get", index, "ada", "--mode=password", "--output=plain"], output: "token-1\n"),
        Case(
            arguments: ["--output=json", "--mode=creds", "get", index, #"a"d\a"#],
            output: #"{"username": "a\"d\\a", "password": "token-1"}"# + "\n"),
    ])
    func givesAPassword(_ transcript: Case) async throws {
        let account = try Account(for: ["https://pypi.example.com/"])
        let result = try await keyring(account, transcript.arguments)
        #expect(result.output == transcript.output)
        #expect(result.errorBytes == [] && result.status == 0, "\(result)")
        // By the command's own name alike.
        let other = try await account.helper.program(["pip"] + transcript.arguments).run()
        #expect(other.output == transcript.output)
    }

    /// The real keyring, asked in the same ways, prints the same.
    @Test(
        .clients("python3"),
        arguments: [
            ["get", index, "ada"], ["--output=json", "get", index, "ada"],
            ["--mode=creds", "--output=json", "get", index, "ada"], ["get", index, "ada", "--mode", "creds"],
        ])
    func printsWhatKeyringPrints(_ arguments: [String]) async throws {
        let python = try await requirePython("keyring")
        let account = try Account(for: ["https://pypi.example.com/"])
        try account.helper.home.write(
            "backend/always.py",
            """
            from keyring.backend import KeyringBackend
            class Keyring(KeyringBackend):
                priority = 9
                def get_password(self, service, username): return "token-1"
                def set_password(self, service, username, password): pass
            """)
        let real = try await account.program(
            python, ["-m", "keyring"] + arguments,
            [
                "PYTHON_KEYRING_BACKEND": "always.Keyring", "PYTHONPATH": account.helper.home.path("backend"),
                "PYTHONDONTWRITEBYTECODE": "1",
            ]
        ).run()
        #expect(real.status == 0, "\(real)")
        let result = try await keyring(account, arguments)
        #expect(result.outputBytes == real.outputBytes, "\(result)")
    }

    @Test(arguments: [
        ["get", "https://other.example/simple/", "ada"], ["get", "other.example", "ada"],
        ["--mode=creds", "--output=json", "get", "https://other.example/simple/"],
        ["get", "other.example", "--mode", "creds"], ["get", "http://pypi.example.com/simple/", "ada"],
        ["get", "no url at all", "ada"], ["get", "", "ada"],
    ])
    func hasNoPasswordForOthers(_ arguments: [String]) async throws {
        let account = try Account(for: ["https://pypi.example.com/"])
        let result = try await keyring(account, arguments)
        #expect(result.status == 1, "\(result)")
        #expect(result.outputBytes == [] && result.errorBytes == [], "\(result)")
        #expect(account.logins == 0)
    }

    @Test func hasNoPasswordWhereNothingIsConfigured() async throws {
        let helper = try Helper()
        try helper.install(as: "keyring")
        let result = try await helper.client(
            helper.home.path("bin/keyring"), ["get", "pypi.example.com", "ada"]
        ).run()
        #expect(result.status == 1 && result.outputBytes == [] && result.errorBytes == [], "\(result)")
    }

    @Test(arguments: [
        [], ["set", index, "ada"], ["del", index, "ada"], ["diagnose"], ["--list-backends"], ["--disable"],
        ["get"], ["get", index], ["get", index, "ada", "more"], ["get", index, "ada", "--mode=both"],
        ["get", index, "ada", "--output=xml"], ["--frob", "get", index, "ada"],
    ])
    func refusesAnythingElse(_ arguments: [String]) async throws {
        let account = try Account(for: ["https://pypi.example.com/"])
        let result = try await keyring(account, arguments)
        #expect(result.status == 2, "\(result)")
        #expect(result.outputBytes == [] && !result.errors.isEmpty, "\(result)")
        // pip takes these words for a keyring that is too old, and stops asking.
        #expect(!result.errors.contains("unrecognized arguments"), "\(result)")
        #expect(account.logins == 0)
    }

    @Test func saysWhyThereIsNoToken() async throws {
        let account = try Account(for: ["https://pypi.example.com/"], secret: "env:MISSING_SECRET")
        let result = try await keyring(account, ["get", PipTranscriptTests.index, "ada"])
        #expect(result.status == 2 && result.outputBytes == [], "\(result)")
        #expect(result.errors.contains("MISSING_SECRET"), "\(result)")
    }
}
