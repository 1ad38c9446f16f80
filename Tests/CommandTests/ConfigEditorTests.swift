import Platform
import Profiles
import TestSupport
import Testing

/// Edits of a config's text, with git as the judge of what was written.
@Suite struct ConfigEditorTests {
    private func edited(
        _ text: String, _ key: ConfigKey, _ values: [String], in profile: String = "a"
    ) throws -> String {
        var editor = ConfigEditor(Array(text.utf8))
        try editor.set(key, values, in: profile)
        return String(decoding: editor.contents, as: UTF8.self)
    }

    private func git(_ folder: TemporaryFolder, _ arguments: String...) async throws -> String {
        let program = Program(
            "git", ["config", "--file", folder.path("config")] + arguments, environment: .inherited("PATH"))
        return try await program.run().output
    }

    /// git's own lock is git's to remove.
    @Test func leavesALockThatIsNotItsOwn() throws {
        let folder = try TemporaryFolder()
        let lock = folder.path("config.lock")
        try ConfigEditor.edit(folder.path("config")) { editor throws(HelperError) in
            unlink(lock)
            close(open(lock, O_CREAT | O_WRONLY, 0o600))
            try editor.set(.scope, ["x"], in: "a")
        }
        #expect(try folder.files() == ["config", "config.lock"])
    }

    @Test func changesAValueInItsPlace() throws {
        let text = "# top\n[profile \"a\"] # one\n\tclient-id =   old   ; why\n\n  scope=x\n[profile \"b\"]\n"
        #expect(
            try edited(text, .clientID, ["new"])
                == "# top\n[profile \"a\"] # one\n\tclient-id =   new   ; why\n\n  scope=x\n[profile \"b\"]\n"
        )
        #expect(try edited(text, .clientID, ["old"]) == text)
    }

    @Test(arguments: [
        ("client-id = \"o#ld\" # why\n", "client-id = new # why\n"),
        ("client-id = a\\\n  b ; why\n", "client-id = new ; why\n"),
        ("client-id=\n", "client-id= new\n"),
        ("client-id = ; why\n", "client-id = new ; why\n"),
        ("client-id =\r\n", "client-id = new\r\n"),
        ("client-id\n", "client-id = new\n"),
        ("CLIENT-ID = old", "CLIENT-ID = new"),
        ("client-id = \"a;b\\\"#\" c   \t\n", "client-id = new   \t\n"),
    ])
    func changesHoweverItIsWritten(_ line: String, _ expected: String) async throws {
        let before = "[profile \"a\"]\n"
        let result = try edited(before + line, .clientID, ["new"])
        // git and the editor put the blank before a value where there was none in different places.
        #expect(result.replacing("=  new ; why", with: "= new ; why") == before + expected)
        let folder = try TemporaryFolder()
        try folder.write("config", result)
        #expect(try await git(folder, "--get-all", "profile.a.client-id") == "new\n")
    }

    @Test func addsWhereTheProfileIs() throws {
        #expect(
            try edited("[profile \"a\"]\n\tgrant = password\n\n# b's\n[profile \"b\"]\n", .scope, ["x"])
                == "[profile \"a\"]\n\tgrant = password\n\tscope = x\n\n# b's\n[profile \"b\"]\n")
        #expect(try edited("[profile \"a\"]", .scope, ["x"]) == "[profile \"a\"]\n    scope = x\n")
        #expect(
            try edited("[profile \"a\"] [other]\n\tscope = y\n", .scope, ["x"])
                == "[profile \"a\"]\n    scope = x\n [other]\n\tscope = y\n")
        #expect(try edited("[Profile.A]\n", .scope, ["x"]) == "[Profile.A]\n    scope = x\n")
        #expect(
            try edited("[profile \"a\"] grant = password\n", .scope, ["x"])
                == "[profile \"a\"] grant = password\n    scope = x\n")
        #expect(
            try edited("[profile \"b\"]\r\n\tscope = y\r\n", .scope, ["x"])
                == "[profile \"b\"]\r\n\tscope = y\r\n\r\n[profile \"a\"]\r\n    scope = x\r\n")
        #expect(try edited("", .scope, ["x"]) == "[profile \"a\"]\n    scope = x\n")
        #expect(
            try edited("[profile \"a\"]\n\turl = u\\", .scope, ["x"])
                == "[profile \"a\"]\n\turl = u\\\n\n\tscope = x\n")
        #expect(
            try edited("[profile \"a\"]\n\turl = u\\\n", .scope, ["x"])
                == "[profile \"a\"]\n\turl = u\\\n\n\tscope = x\n")
        #expect(
            try edited("[profile \"b\"]\n\turl = u\\\n", .scope, ["x"])
                == "[profile \"b\"]\n\turl = u\\\n\n\n[profile \"a\"]\n    scope = x\n")
    }

    @Test func setsSeveralValuesAndTakesOut() throws {
        let text =
            "[profile \"a\"]\n  url = https://1/ # one\n  scope = s\n  url = https://2/\n  url = https://3/\n"
        #expect(
            try edited(text, .url, ["https://1/", "https://4/"])
                == "[profile \"a\"]\n  url = https://1/ # one\n  scope = s\n  url = https://4/\n")
        #expect(try edited(text, .url, []) == "[profile \"a\"]\n  scope = s\n")
        #expect(
            try edited(text, .scope, ["s", "t"]).contains("  scope = s\n  scope = t\n  url = https://2/"))
        #expect(try edited("[profile \"a\"] scope = s # c\n", .scope, []) == "[profile \"a\"] \n")
        #expect(try edited("[profile \"a\"]\n\tscope = s", .scope, []) == "[profile \"a\"]\n")
    }

    @Test(arguments: [
        "plain", " leading", "trailing ", "a#b", "a;b", #"q"uo"te"#, #"back\slash"#, "tab\tnew\nline", "ünï",
        #"command:sh -c 'echo "$A" # ; \n'"#, "\"", "a\rb", "",
    ])
    func writesWhatGitReads(_ value: String) async throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "config", try edited("[profile \"b\"]\n\tscope = x\n", .scope, [value], in: #"n"a\m"e "#))
        let read = Program(
            "git", ["config", "--file", folder.path("config"), "-z", "--get", #"profile.n"a\m"e .scope"#],
            environment: .inherited("PATH"))
        #expect(try await read.run().outputBytes == Array(value.utf8) + [0])
        #expect(try await git(folder, "profile.b.scope") == "x\n")
        // What is there already is left alone.
        let text = try folder.read("config")
        #expect(try edited(text, .scope, [value], in: #"n"a\m"e "#) == text)
    }

    /// Whatever is set, git sees that and otherwise what it saw before.
    @Test func agreesWithGitOnManyFiles() async throws {
        let pieces = [
            "[profile \"a\"]\n", "[profile \"b\"] ; c\n", "[PROFILE \"a\"]\n", "\tscope = x ; c\n",
            "url = https://1/\n", "  url = \"https://2/\" # c\n", "# comment\n", "\n", "grant\n",
            "scope = a\\\n b\n", "\tclient-id=\"a # b\"\r\n", "client-id =\n", "[profile \"c\"] scope = y\n",
        ]
        var state: UInt64 = 42
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let folder = try TemporaryFolder()
        for _ in 0..<60 {
            let text = pieces[0] + (0..<next(9)).map { _ in pieces[next(pieces.count)] }.joined()
            let key = [ConfigKey.scope, .url, .clientID][next(3)]
            let values = (0..<next(4)).map { "v\($0) # x" }
            let name = ["a", "b", "d"][next(3)]
            try folder.write("config", text)
            let before = try await git(folder, "-z", "--list")
            try folder.write("config", try edited(text, key, values, in: name))
            let after = try await git(folder, "-z", "--list")
            func split(_ list: String) -> (wanted: [String], others: [String]) {
                let entries = list.split(separator: "\0").map(String.init)
                let isWanted = { (entry: String) in
                    entry.split(separator: "\n", omittingEmptySubsequences: false)[0]
                        == "profile.\(name).\(key.name)"
                }
                return (entries.filter(isWanted), entries.filter { !isWanted($0) })
            }
            #expect(split(after).wanted == values.map { "profile.\(name).\(key.name)\n\($0)" }, "\(text)")
            #expect(split(after).others == split(before).others, "\(text)")
        }
    }
}
