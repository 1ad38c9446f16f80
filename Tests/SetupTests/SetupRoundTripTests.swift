import TestSupport
import Testing

/// `setup` on files as people have them: made, made again, and taken back byte for byte.
@Suite struct SetupRoundTripTests {
    /// A tool, its config as it was, and what must be in it afterwards.
    struct Case: Sendable, CustomTestStringConvertible {
        let tool: String
        let file: String
        /// `nil`: there is none.
        let before: String?
        let expected: [String]
        var mode: mode_t = 0o600
        /// The program without which the change cannot be made.
        var editor = "sh"
        var testDescription: String { "\(tool) \(before == nil ? "new" : "\(before!.utf8.count) bytes")" }
    }

    static let url = "https://tools.example.com"
    static let registry = "tools.example.com"

    static let cases: [Case] = [
        Case(
            tool: "git", file: ".gitconfig",
            before: "# mine\n[user]\n\tname = Ada ; \(Account.canary)\n[credential]\n\thelper = store\n",
            expected: [
                "# mine\n", "\thelper = store\n", "[credential \"\(url)\"]\n\thelper = \n\thelper = ",
                "/bin/butlr-credential git\n",
            ], mode: 0o644, editor: "git"),
        Case(
            tool: "git", file: ".gitconfig",
            before: "[credential \"\(url)\"]\n  helper = pass\n[core]\n  pager = cat",
            expected: ["  helper = pass\n", "butlr-credential git\n", "  pager = cat"], editor: "git"),
        Case(
            tool: "git", file: ".gitconfig", before: nil, expected: ["[credential \"\(url)\"]"], editor: "git"
        ),
        Case(
            tool: "kubectl", file: ".kube/config",
            before: """
                apiVersion: v1
                kind: Config
                # a comment
                clusters:
                - {name: served, cluster: {server: "\(url)", certificate-authority: ca.pem}}
                - {name: other, cluster: {server: "https://other.example.com"}}
                contexts:
                - {name: bare, context: {cluster: served}}
                - {name: other, context: {cluster: other, user: bob}}
                users:
                - {name: bob, user: {token: \(Account.canary)}}
                """,
            expected: [
                "interactiveMode: IfAvailable", "provideClusterInfo: true", "- kubernetes",
                "certificate-authority: ca.pem", "    cluster: served\n    user: butlr\n  name: bare",
                "    cluster: other\n    user: bob\n", "token: \(Account.canary)",
            ], editor: "kubectl"),
        Case(
            tool: "docker", file: ".docker/config.json",
            before: """
                {
                \t"auths": { "r": { "auth": "\(Account.canary)" } },
                \t"credHelpers": {
                \t\t"other.example.com": "pass"
                \t},
                \t"experimental": "enabled"
                }
                """,
            expected: [
                "\t\t\"other.example.com\": \"pass\",\n\t\t\"\(registry)\": \"butlr\"\n\t},",
                "\"experimental\"",
            ]),
        Case(
            tool: "docker", file: ".docker/config.json", before: #"{"auths":{},"credHelpers":{"a":"b"}}"#,
            expected: [#"{"auths":{},"credHelpers":{"a":"b","tools.example.com": "butlr"}}"#]),
        Case(
            tool: "docker", file: ".docker/config.json", before: "{\n  \"auths\": {}\n}\n",
            expected: ["{\n  \"auths\": {},\n  \"credHelpers\": {\n    \"\(registry)\": \"butlr\"\n  }\n}\n"]),
        Case(
            tool: "docker", file: ".docker/config.json", before: nil,
            expected: ["{\n\t\"credHelpers\": {\n\t\t\"\(registry)\": \"butlr\"\n\t}\n}\n"]),
        Case(
            tool: "containers", file: ".config/containers/auth.json", before: nil,
            expected: ["\"\(registry)\": \"butlr\""]),
        Case(
            tool: "cargo", file: ".cargo/config.toml",
            before:
                "[registries.served]\r\nindex = \"sparse+\(url)/index/\" # ours\r\n\r\n[registries.other]\nindex = \"https://o.example.com/\"",
            expected: [
                "# ours\r\n# butlr-credential setup\ncredential-provider = [\"/", "[registries.other]\nindex",
            ]),
        Case(
            tool: "terraform", file: ".terraformrc", before: "plugin_cache_dir = \"/x\"",
            expected: ["plugin_cache_dir = \"/x\"\n", "credentials_helper \"butlr\" {\n}\n"]),
        Case(
            tool: "terraform", file: ".terraformrc", before: nil, expected: ["credentials_helper \"butlr\""]),
        Case(
            tool: "bazel", file: ".bazelrc", before: "build --jobs=4\n",
            expected: ["build --jobs=4\n", "common --credential_helper=\(registry)=/"]),
        Case(
            tool: "pip", file: ".config/pip/pip.conf",
            before: "[global]\ntimeout = 60\n[install]\nuser = no\n",
            expected: ["[global]\n# butlr-credential setup\nkeyring-provider = subprocess\ntimeout = 60\n"]),
        Case(
            tool: "pip", file: ".config/pip/pip.conf", before: nil,
            expected: ["keyring-provider = subprocess"]),
        Case(
            tool: "go", file: ".config/go/env", before: "GOPROXY=direct\nGOAUTH=git /src\n",
            expected: ["GOPROXY=direct\nGOAUTH=git /src;/"]),
        Case(tool: "go", file: ".config/go/env", before: nil, expected: ["GOAUTH=netrc;/"]),
        Case(
            tool: "rclone", file: ".config/rclone/rclone.conf",
            before:
                "[other]\ntype = s3\nsecret_access_key = \(Account.canary)\n\n[files]\ntype = webdav\nurl = \(url)/dav/\nvendor = other\n",
            expected: [
                "url = \(url)/dav/\n# butlr-credential setup\nbearer_token_command = /", "vendor = other\n",
            ]),
    ]

    @Test(arguments: cases) func comesAndGoes(_ example: Case) async throws {
        try requireClient(example.editor)
        let account = try Account(urls: ["\(Self.url)/"])
        if let before = example.before { try account.home.write(example.file, before, mode: example.mode) }
        let untouched = try account.snapshot()

        let trial = try await account.run("setup", example.tool, "--print")
        #expect(trial.status == 0, "\(trial)")
        let tried = try account.snapshot()
        #expect(tried == untouched, "--print changes nothing")

        let made = try await account.run("setup", example.tool)
        #expect(made.status == 0, "\(made)")
        let contents = try account.home.read(example.file)
        for part in example.expected { #expect(contents.contains(part), "\(contents)") }
        #expect(try account.home.mode(example.file) == (example.before == nil ? 0o600 : example.mode))
        if let before = example.before {
            let backups = account.helper.stateFolder.folder("setup")
            let name = try #require(try backups.files().first { $0.hasSuffix(".backup") })
            #expect(try backups.read(name) == before)
            #expect(try backups.mode(name) == 0o600)
        }

        let setUp = try account.snapshot()
        let again = try await account.run("setup", example.tool)
        #expect(again.status == 0 && again.output.contains("is set up already"), "\(again)")
        #expect(try account.snapshot() == setUp, "a second time changes nothing")

        let undone = try await account.run("setup", example.tool, "--undo")
        #expect(undone.status == 0, "\(undone)")
        #expect(try account.snapshot() == untouched, "\(undone)")
        #expect(try account.helper.stateFolder.files().isEmpty)
        let nothing = try await account.run("setup", example.tool, "--undo")
        #expect(nothing.output.contains("nothing to take back"), "\(nothing)")
    }

    /// Where others have changed the file since, their change stays.
    @Test(arguments: cases) func leavesLaterChangesAlone(_ example: Case) async throws {
        // kubectl writes the whole of its file anew, and JSON has no place for a comment at its end.
        guard let before = example.before, !["kubectl", "docker"].contains(example.tool) else { return }
        try requireClient(example.editor)
        let account = try Account(urls: ["\(Self.url)/"])
        // A last line without its end would get one.
        let ended = before.hasSuffix("\n") ? before : before + "\n"
        try account.home.write(example.file, ended)
        try await account.run("setup", example.tool)
        let contents = try account.home.read(example.file)
        try account.home.write(example.file, contents + "[later]\n\tx = 1\n")
        let undone = try await account.run("setup", example.tool, "--undo")
        #expect(undone.status == 0, "\(undone)")
        #expect(try account.home.read(example.file) == ended + "[later]\n\tx = 1\n", "\(undone)")
    }

    @Test func takesOnlyItsRegistriesOutOfAChangedFile() async throws {
        let account = try Account(urls: ["\(Self.url)/"])
        try account.home.write(".docker/config.json", #"{"credHelpers":{"a":"b"}}"#)
        try await account.run("setup", "docker")
        try account.home.write(
            ".docker/config.json", #"{"credHelpers":{"a":"b","tools.example.com":"butlr"},"later":1}"#)
        try await account.run("setup", "docker", "--undo")
        #expect(try account.home.read(".docker/config.json") == #"{"credHelpers":{"a":"b"},"later":1}"#)
    }

    @Test func manyAtOnceLeaveAWayBack() async throws {
        let before = #"{"credHelpers":{"a":"b"}}"# + "\n"
        let account = try Account(urls: ["\(Self.url)/"])
        try account.home.write(".docker/config.json", before)
        let outcomes = try await withThrowingTaskGroup { group in
            for _ in 0..<16 { group.addTask { try await account.run("setup", "docker") } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        for outcome in outcomes {
            // Whoever finds the file changed since it was read says so.
            let isLate = outcome.status == 75 && outcome.errors.contains("by another program meanwhile")
            #expect(outcome.status == 0 || isLate, "\(outcome)")
        }
        #expect(try account.home.read(".docker/config.json").contains("butlr"))
        let undone = try await account.run("setup", "docker", "--undo")
        #expect(undone.status == 0, "\(undone)")
        #expect(try account.home.read(".docker/config.json") == before)
    }

    @Test func takesOverTheLinkThatAKilledOneLeft() async throws {
        let account = try Account(urls: ["\(Self.url)/"])
        let link = ".terraform.d/plugins/terraform-credentials-butlr"
        try account.home.link(link + ".butlr-new", to: "/gone")
        #expect(try await account.run("setup", "terraform").status == 0)
        #expect(account.home.exists(link))
        #expect(try account.home.folder(".terraform.d/plugins").list() == ["terraform-credentials-butlr"])
    }

    @Test func saysHowToMoveWhatIsInTheLinksWay() async throws {
        let account = try Account(urls: ["\(Self.url)/"])
        try account.home.write(".terraform.d/plugins/terraform-credentials-butlr", "in the way")
        let outcome = try await account.run("setup", "terraform")
        #expect(outcome.status == 78, "\(outcome)")
        let command = try #require(outcome.errors.split(separator: "\n").last).drop { $0 == " " }
        #expect(try await account.shell(String(command)).status == 0)
        #expect(try await account.run("setup", "terraform").status == 0)
    }

    @Test(.clients("kubectl")) func takesOnlyItsUserOutOfAChangedKubeconfig() async throws {
        let account = try Account(urls: ["\(Self.url)/"])
        try account.home.write(
            ".kube/config",
            "clusters:\n- {name: a, cluster: {server: \"\(Self.url)\"}}\ncontexts:\n"
                + "- {name: a, context: {cluster: a, user: bob}}\nusers:\n- {name: bob, user: {token: t}}\n")
        try await account.run("setup", "kubectl")
        // The user's own credentials stay in use: the helper has a context beside.
        let contexts = try await account.shell("kubectl config get-contexts -o name")
        #expect(contexts.output == "a\na-butlr\n", "\(contexts)")
        try await account.shell("kubectl config set-context later --cluster=a")
        try await account.run("setup", "kubectl", "--undo")
        let left = try await account.shell("kubectl config get-contexts -o name; kubectl config get-users")
        #expect(left.output == "a\nlater\nNAME\nbob\n", "\(left)")
    }
}
