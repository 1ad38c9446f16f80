import Platform
import TestSupport
import Testing

/// What `setup` takes care of beside the change itself.
@Suite struct SetupTests {
    private let url = "https://tools.example.com/"

    @Test func namesTheToolsItKnows() async throws {
        let account = try Account(urls: [url])
        let none = try await account.run("setup")
        #expect(none.status == 64 && none.errors.contains("git, kubectl, docker"), "\(none)")
        let near = try await account.run("setup", "kubectal")
        #expect(near.status == 64 && near.errors.contains("did you mean kubectl?"), "\(near)")
    }

    @Test func doesNothingWithoutAProfile() async throws {
        let account = try Account()
        try account.helper.configFolder.remove("config")
        let before = try account.snapshot()
        let outcome = try await account.run("setup", "bazel")
        #expect(outcome.status == 78 && outcome.errors.contains("no profile is configured"), "\(outcome)")
        #expect(try account.snapshot() == before)
    }

    @Test func isForTheProfileThatIsNamed() async throws {
        let account = try Account(urls: [url])
        try account.helper.config(
            try account.helper.configFolder.read("config")
                + "[profile \"other\"]\nprovider = oauth2\ntoken-endpoint = https://id.example.com/t\n"
                + "client-id = a\nclient-secret = env:A\nurl = https://other.example.com/\n")
        try await account.run("setup", "bazel", "--profile", "other")
        let alone = try account.home.read(".bazelrc")
        #expect(alone.contains("other.example.com") && !alone.contains("tools.example.com"))
        try await account.run("setup", "bazel", "--profile", "default")
        let both = try account.home.read(".bazelrc")
        #expect(both.hasPrefix(alone) && both.contains("tools.example.com"))
        try await account.run("setup", "bazel", "--profile", "other", "--undo")
        try await account.run("setup", "bazel", "--profile", "default", "--undo")
        #expect(!account.home.exists(".bazelrc"))
    }

    @Test func namesTheProfileWhereTheToolPassesOptionsOn() async throws {
        let account = try Account(urls: [url])
        try await account.run("setup", "git", "--profile", "default")
        #expect(try account.home.read(".gitconfig").contains("butlr-credential git --profile default\n"))
        try await account.run("setup", "terraform", "--profile", "default")
        #expect(try account.home.read(".terraformrc").contains("args = [\"--profile\", \"default\"]"))
    }

    /// A bare name fails where a tool has another `PATH`, and the file behind a link may be gone after an upgrade.
    @Test func namesTheHelperByItsPlaceOnThePath() async throws {
        let account = try Account(urls: [url])
        try await account.run("setup", "bazel")
        #expect(try account.home.read(".bazelrc").contains("=\(account.home.path("bin/butlr-credential"))\n"))
    }

    @Test func warnsOfABuildFolder() async throws {
        let account = try Account(urls: [url])
        try account.home.makeFolder(".build/debug")
        let copy = account.home.path(".build/debug/butlr-credential")
        try await account.shell("cp \(account.helper.executable) \(copy)")
        let outcome = try await account.shell("\(copy) setup bazel", environment: ["PATH": "/usr/bin:/bin"])
        #expect(outcome.status == 0 && outcome.errors.contains("is in a build folder"), "\(outcome)")
    }

    /// On a terminal nothing but what is to be copied is wider than the window.
    @Test(.clients("kubectl"), arguments: ["git", "kubectl", "docker", "pip"], [40, 80] as [UInt16])
    func fitsTheWindow(_ tool: String, _ width: UInt16) async throws {
        let account = try Account(urls: [url + "a/"])
        try account.home.write(
            ".kube/config",
            "clusters:\n- name: c\n  cluster: {server: \"\(url)a/\"}\ncontexts: []\nusers: []\n")
        let terminal = try Terminal(
            account.helper.client(
                account.home.path("bin/butlr-credential"), ["setup", tool],
                environment: ["PATH": "\(account.home.path):/usr/local/bin:/usr/bin:/bin"]),
            columns: width)
        let screen = try await terminal.wait().screen
        let notes = screen.split(separator: "\r\n").drop { !$0.hasPrefix("Note: ") }
        #expect(!notes.isEmpty, "\(screen)")
        for line in notes where !line.hasPrefix("  ") { #expect(line.count <= width, "\(screen)") }
    }

    @Test func neverTakesAnotherHelpersPlace() async throws {
        let account = try Account(urls: [url])
        try account.home.write(".docker/config.json", #"{"credHelpers":{"tools.example.com":"pass"}}"#)
        let docker = try await account.run("setup", "docker")
        #expect(docker.output.contains("has the helper \"pass\" already, which stays"), "\(docker)")
        #expect(
            try account.home.read(".docker/config.json") == #"{"credHelpers":{"tools.example.com":"pass"}}"#)

        try account.home.write(".terraformrc", "credentials_helper \"vault\" {\n}\n")
        let terraform = try await account.run("setup", "terraform")
        #expect(terraform.status == 78 && terraform.errors.contains("\"vault\" already"), "\(terraform)")
        #expect(try account.home.read(".terraformrc") == "credentials_helper \"vault\" {\n}\n")
        #expect(!account.home.exists(".terraform.d"))

        let cargo = "[registries.a]\nindex = \"sparse+\(url)\"\ncredential-provider = \"cargo:libsecret\"\n"
        try account.home.write(".cargo/config.toml", cargo)
        let outcome = try await account.run("setup", "cargo")
        #expect(outcome.output.contains("another credential-provider"), "\(outcome)")
        #expect(try account.home.read(".cargo/config.toml") == cargo)

        try account.home.write(".config/pip/pip.conf", "[global]\nkeyring-provider = import\n")
        #expect(try await account.run("setup", "pip").status == 78)
    }

    @Test func leavesWhatItDoesNotUnderstand() async throws {
        let account = try Account(urls: [url])
        try account.home.write(".docker/config.json", "{ broken")
        let outcome = try await account.run("setup", "docker")
        #expect(outcome.status == 78, "\(outcome)")
        #expect(try account.home.read(".docker/config.json") == "{ broken")
    }

    @Test func saysWhatToListWhereNothingIsServed() async throws {
        let account = try Account(urls: [url])
        try account.home.write(
            ".cargo/config.toml", "[registries.a]\nindex = \"sparse+https://c.example.com/i/\"\n")
        let refused = try await account.run("setup", "cargo")
        #expect(refused.status == 69, "\(refused)")
        let hint = try #require(refused.errors.split(separator: "\n").last).drop { $0 == " " }
        #expect(try await account.shell(String(hint)).status == 0)
        #expect(try await account.run("setup", "cargo").status == 0)
    }

    /// Where the tool knows no server at all, the URL is not to blame: what is printed adds one.
    @Test(.clients("kubectl", "rclone"), arguments: ["cargo", "kubectl", "rclone"], [nil, ""])
    func saysHowAServerIsAdded(_ tool: String, _ contents: String?) async throws {
        let account = try Account(urls: ["https://*.example.com/", url])
        let files = [
            "cargo": ".cargo/config.toml", "kubectl": ".kube/config", "rclone": ".config/rclone/rclone.conf",
        ]
        let file = try #require(files[tool])
        if let contents { try account.home.write(file, contents) }
        let refused = try await account.run("setup", tool)
        #expect(refused.status == 69, "\(refused)")
        #expect(refused.errors.contains(" in ~/\(file) yet\n  first add it: "), "\(refused)")
        #expect(!refused.errors.contains("a profile lists"), "\(refused)")
        let hint = try #require(refused.errors.split(separator: "\n").last)
        let command = hint.split(separator: "first add it: ").last.map(String.init) ?? ""
        let added = try await account.shell(command)
        #expect(added.status == 0, "\(added)")
        let made = try await account.run("setup", tool)
        #expect(made.status == 0, "\(made)")
        #expect(try account.home.read(file).contains("/butlr-credential"))
    }

    /// Go ends a command at a semicolon, whatever is around it.
    @Test(arguments: ["a;touch x", "a b", "it's"]) func refusesWordsThatGoWouldReadOtherwise(name: String)
        async throws
    {
        let account = try Account()
        try account.helper.config(
            "[profile \"\(name)\"]\n    client-id = a\n    client-secret = env:NONE\n    url = \(url)\n")
        let outcome = try await account.run("setup", "go", "--profile", name)
        #expect(outcome.status == 78 && outcome.errors.contains("in which a word has"), "\(outcome)")
        #expect(!account.home.exists(".config/go"))
    }

    /// A config of the tool's, or a profile's name, cannot imitate a terminal's commands.
    @Test func takesControlCharactersOutOfHints() async throws {
        let account = try Account(urls: [url])
        try account.home.write(
            ".config/rclone/rclone.conf",
            "[a]\ntype = webdav\nurl = https://x/\u{1B}]0;owned\u{7}'\u{301};id\n")
        let outcome = try await account.run("setup", "rclone")
        #expect(outcome.status == 69, "\(outcome)")
        #expect(!outcome.errors.contains("\u{1B}") && !outcome.errors.contains("\u{7}"))
        let named = try await account.run("token", "--profile", "a\u{9B}31m")
        #expect(named.status == 78 && !named.errors.unicodeScalars.contains("\u{9B}"), "\(named)")
    }

    /// Where the profile comes from the environment, what it lists already stays.
    @Test(arguments: [nil, "https://a.example.com/"])
    func saysWhatToExportWhereNothingIsServed(urls: String?) async throws {
        let account = try Account()
        try account.helper.config("")
        try account.home.write(
            ".cargo/config.toml", "[registries.a]\nindex = \"sparse+https://c.example.com/i/\"\n")
        let variables = [
            "BUTLR_CLIENT_ID": "client_sandbox", "BUTLR_CLIENT_SECRET": Account.canary, "BUTLR_URLS": urls,
        ]
        let refused = try await account.run("setup", "cargo", environment: variables)
        #expect(refused.status == 69, "\(refused)")
        let hint = try #require(refused.errors.split(separator: "\n").last).drop { $0 == " " }
        let outcome = try await account.shell(
            "\(hint); butlr-credential setup cargo && echo \"$BUTLR_URLS\"", environment: variables)
        #expect(outcome.status == 0, "\(outcome)")
        let listed = (urls.map { "\($0) " } ?? "") + "https://c.example.com/i/"
        #expect(outcome.output.hasSuffix("\n\(listed)\n"), "\(outcome)")
    }

    @Test func followsLinks() async throws {
        let account = try Account(urls: [url])
        try account.home.write("dotfiles/bazelrc", "build --jobs=4\n")
        try account.home.link(".bazelrc", to: account.home.path("dotfiles/bazelrc"))
        try await account.run("setup", "bazel")
        #expect(try account.home.read("dotfiles/bazelrc").contains("credential_helper"))
        try await account.run("setup", "bazel", "--undo")
        #expect(try account.home.read("dotfiles/bazelrc") == "build --jobs=4\n")
        var status = stat()
        #expect(lstat(account.home.path(".bazelrc"), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    }

    @Test func makesACredentialConfigurationForGoogle() async throws {
        let account = try Account(urls: [url])
        let missing = try await account.run("setup", "gcloud")
        #expect(missing.status == 78 && missing.errors.contains("workload identity pool"), "\(missing)")
        let provider = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q"
        try account.configure(urls: [url], further: ["audience = https:\(provider)"])
        let before = try account.snapshot()
        #expect(try await account.run("setup", "gcloud").status == 0)
        let file = try account.home.read(".config/gcloud/butlr-credential.json")
        #expect(
            file.contains("\"audience\": \"\(provider)\"") && file.contains("/bin/butlr-credential gcloud\""))
        #expect(try await account.run("setup", "gcloud", "--undo").status == 0)
        #expect(try account.snapshot() == before)
    }
}
