import Platform
import TestSupport
import Testing

/// After `setup`, the real tools get their tokens from the helper.
@Suite struct RealToolsTests {
    /// A server that asks for credentials and notes which come.
    private func challenge(_ scheme: String) throws -> ScriptedServer {
        try ScriptedServer { request, _ in
            if request.header("Authorization") == nil {
                return .http("", status: 401, headers: [("WWW-Authenticate", "\(scheme) realm=\"r\"")])
            }
            return .json("{}", status: 404)
        }
    }

    private func authorizations(_ server: ScriptedServer) -> [String] {
        server.requests.compactMap { $0.header("Authorization") }
    }

    private func token(_ account: Account) async throws -> String {
        let outcome = try await account.helper.run("token", "--profile", "default")
        try #require(outcome.status == 0, "\(outcome)")
        return outcome.output.filter { $0 != "\n" }
    }

    @Test(.clients("git")) func git() async throws {
        let server = try challenge("Basic")
        let account = try Account(urls: ["\(server.url)/"])
        try await account.run("setup", "git")
        let listed = try await account.helper.client(
            "git", ["ls-remote", "\(server.url)/r.git"], environment: ["GIT_TERMINAL_PROMPT": "0"]
        ).run()
        #expect(listed.status != 0)
        let token = try await token(account)
        #expect(
            authorizations(server).contains("Basic \(base64(Array("oauth2:\(token)".utf8)))"), "\(listed)")
        try await account.run("setup", "git", "--undo")
        let count = authorizations(server).count
        _ = try await account.helper.client(
            "git", ["ls-remote", "\(server.url)/r.git"], environment: ["GIT_TERMINAL_PROMPT": "0"]
        ).run()
        #expect(authorizations(server).count == count)
    }

    /// Where two profiles list git's server, what is printed leads to the one that is to answer.
    @Test(.clients("git")) func gitWithTwoProfiles() async throws {
        let server = try challenge("Basic")
        let account = try Account(urls: ["\(server.url)/"])
        let one = try account.helper.configFolder.read("config")
        let other = one.split(separator: "default", maxSplits: 1).joined(separator: "other")
        try account.helper.config(one + other)
        func git() async throws -> String {
            let count = authorizations(server).count
            let listed = try await account.helper.client(
                "git", ["ls-remote", "\(server.url)/r.git"], environment: ["GIT_TERMINAL_PROMPT": "0"]
            ).run()
            return authorizations(server).dropFirst(count).first ?? listed.errors
        }
        func answer(of profile: String) async throws -> String {
            let token = try await account.helper.run("token", "--profile", profile).output
            return "Basic \(base64(Array("oauth2:\(token.filter { $0 != "\n" })".utf8)))"
        }
        let tied = "the profiles \"default\" and \"other\" list"
        let choice = "butlr-credential setup git --profile default\n"

        let setup = try await account.run("setup", "git")
        #expect(setup.output.contains("Note: \(tied)"), "\(setup)")
        #expect(setup.output.contains("  \(choice)"), "\(setup)")
        let refused = try await git()
        #expect(refused.contains("for git: butlr-credential setup git --profile NAME"), "\(refused)")
        let sick = try await account.run("doctor")
        #expect(sick.output.contains("$ \(choice)"), "\(sick)")

        try await account.shell(choice)
        #expect(try await git() == answer(of: "default"))
        let mended = try await account.run("doctor")
        #expect(!mended.output.contains("warn  the profiles"), "\(mended)")
        #expect(mended.output.contains("git takes \"default\""), "\(mended)")
        let again = try await account.run("setup", "git")
        #expect(!again.output.contains(tied), "\(again)")

        // The one that was named last is taken, and the one before when that is taken back.
        try await account.run("setup", "git", "--profile", "other")
        #expect(try await git() == answer(of: "other"))
        try await account.run("setup", "git", "--profile", "default")
        #expect(try await git() == answer(of: "default"))
        try await account.run("setup", "git", "--profile", "default", "--undo")
        #expect(try await git() == answer(of: "other"))
    }

    @Test(.clients("kubectl", "openssl", "python3")) func kubectl() async throws {
        let server = try ScriptedServer { request, _ in .json("{\"kind\":\"Status\"}") }
        let authority = try await CertificateAuthority()
        let proxy = try await TLSProxy(try await authority.issue(), before: server)
        let account = try Account(urls: ["\(proxy.url)/"])
        try await account.shell(
            "kubectl config set-cluster c --server=\(proxy.url) --certificate-authority=\(authority.certificateFile);"
                + " kubectl config set-context c --cluster=c; kubectl config use-context c")
        let made = try await account.run("setup", "kubectl")
        #expect(made.status == 0, "\(made)")
        let got = try await account.shell("kubectl get --raw /version")
        #expect(got.output.contains("Status"), "\(got)")
        // Some installations' kubectl asks for the server's version first, on its own account.
        #expect(Set(authorizations(server)) == ["Bearer \(try await token(account))"], "\(got)")
        await proxy.stop()
    }

    /// Where the context in use has a user of its own, what is printed changes to the other one.
    @Test(.clients("kubectl")) func kubectlInAnotherContext() async throws {
        let account = try Account(urls: ["https://k.example.com/"])
        try await account.shell(
            "kubectl config set-cluster c --server=https://k.example.com; kubectl config set-credentials u --token=t;"
                + " kubectl config set-context k --cluster=c --user=u; kubectl config use-context k")
        let made = try await account.run("setup", "kubectl")
        let command = try #require(made.output.split(separator: "\n").last).drop { $0 == " " }
        #expect(command == "kubectl config use-context k-butlr", "\(made)")
        #expect(try await account.shell(String(command)).status == 0)
        #expect(try await account.shell("kubectl config current-context").output == "k-butlr\n")
        let again = try await account.run("setup", "kubectl")
        #expect(again.status == 0 && !again.output.contains("Note"), "\(again)")
    }

    @Test(.clients("docker", "openssl", "python3")) func docker() async throws {
        let server = try challenge("Basic")
        let authority = try await CertificateAuthority()
        let proxy = try await TLSProxy(try await authority.issue(), before: server)
        let account = try Account(urls: ["\(proxy.url)/"])
        try await account.run("setup", "docker")
        let outcome = try await account.shell(
            "docker manifest inspect --insecure 127.0.0.1:\(proxy.port)/a:b")
        let expected = "Basic \(base64(Array("oauth2accesstoken:\(try await token(account))".utf8)))"
        #expect(authorizations(server).contains(expected), "\(outcome)")
        await proxy.stop()
    }

    @Test(.clients("skopeo")) func skopeo() async throws {
        let server = try challenge("Basic")
        let account = try Account(urls: ["\(server.url)/"])
        try await account.run("setup", "containers")
        let outcome = try await account.shell(
            "skopeo inspect --tls-verify=false docker://127.0.0.1:\(server.port)/a:b")
        let expected = "Basic \(base64(Array("oauth2accesstoken:\(try await token(account))".utf8)))"
        #expect(authorizations(server).contains(expected), "\(outcome)")
    }

    @Test(.clients("cargo")) func cargo() async throws {
        let account = try Account()
        try account.configure(urls: ["\(account.url)/"])
        try account.home.write(
            ".cargo/config.toml", "[registries.r]\nindex = \"sparse+\(account.url)/index/\"\n")
        try await account.run("setup", "cargo")
        _ = try await token(account)
        // cargo may be a front that finds its toolchains through the real home.
        let environment: [String: String?] = [
            "CARGO_HOME": account.home.path(".cargo"), "RUSTUP_HOME": rustupHome,
        ]
        let outcome = try await account.shell("cd ~ && cargo logout --registry r", environment: environment)
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try account.helper.cacheFolder.files().isEmpty, "\(outcome)")
    }

    @Test(.clients("terraform")) func terraform() async throws {
        let account = try Account()
        try account.configure(urls: ["\(account.url)/"])
        try await account.run("setup", "terraform")
        _ = try await token(account)
        let host = account.url.dropFirst("http://".count)
        let outcome = try await account.shell(
            "cd ~ && terraform logout \(host)",
            environment: ["TF_CLI_CONFIG_FILE": nil, "CHECKPOINT_DISABLE": "1"])
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try account.helper.cacheFolder.files().isEmpty, "\(outcome)")
    }

    @Test(.clients("pip", "python3")) func pip() async throws {
        let account = try Account(urls: ["https://pypi.example.com/"])
        try await account.run("setup", "pip")
        let outcome = try await account.shell(
            "PYENV_ROOT=\(inherited("PYENV_ROOT") ?? "") pip config get global.keyring-provider")
        #expect(outcome.output == "subprocess\n", "\(outcome)")
    }

    @Test(.clients("rclone")) func rclone() async throws {
        let server = try challenge("Bearer")
        let account = try Account(urls: ["\(server.url)/"])
        try account.home.write(
            ".config/rclone/rclone.conf", "[files]\ntype = webdav\nurl = \(server.url)/dav/\nvendor = other\n"
        )
        try await account.run("setup", "rclone")
        let outcome = try await account.shell("rclone --retries 1 --low-level-retries 1 lsf files:")
        #expect(authorizations(server).contains("Bearer \(try await token(account))"), "\(outcome)")
    }

    private var rustupHome: String? {
        inherited("RUSTUP_HOME") ?? inherited("HOME").map { "\($0)/.rustup" }
    }

    private func inherited(_ name: String) -> String? {
        ([String: String].inherited(name))[name]
    }
}
