import Platform
import Sandbox
import TestSupport
import Testing

/// A user's account with a provider of its own, and a secret that must not be seen anywhere.
final class Account: Sendable {
    static let canary = "canary-7f3a91d2-do-not-print"

    let helper: Helper
    let sandbox: SandboxServer
    /// Where the provider is.
    let url: String

    /// - Parameter urls: what the profile lists.
    init(urls: [String] = [], environment: [String: String?] = [:]) throws {
        helper = try Helper(environment: environment)
        try helper.install(
            as: "butlr-credential", "git-credential-butlr", "docker-credential-butlr",
            "cargo-credential-butlr",
            "butlr-askpass")
        sandbox = SandboxServer(SandboxOptions(clients: ["client_sandbox": Account.canary]))
        url = try sandbox.start()
        try helper.configFolder.write("secrets/default", Account.canary + "\n")
        try configure(urls: urls)
    }

    deinit { sandbox.stop() }

    var home: TemporaryFolder { helper.home }

    func configure(urls: [String] = [], secret: String? = nil, baseURL: String? = nil, further: [String] = [])
        throws
    {
        let lines =
            [
                "[profile \"default\"]", "base-url = \(baseURL ?? url)", "client-id = client_sandbox",
                "client-secret = \(secret ?? "file:\(helper.configFolder.path("secrets/default"))")",
            ] + urls.map { "url = \($0)" } + further
        try helper.config(lines.map { $0 + "\n" }.joined())
    }

    /// Runs the helper, and sees that it gives no secret away.
    @discardableResult
    func run(_ arguments: String..., environment: [String: String?] = [:]) async throws -> Program.Outcome {
        let outcome = try await helper.program(arguments, environment: environment).run()
        #expect(!outcome.output.contains(Account.canary) && !outcome.errors.contains(Account.canary))
        return outcome
    }

    /// Runs a line as the user would type it.
    @discardableResult
    func shell(_ line: String, environment: [String: String?] = [:]) async throws -> Program.Outcome {
        try await helper.client("sh", ["-c", line], environment: environment).run()
    }

    /// Everything in the home folder but the helper's own files and tools' caches, such as what one kubectl keeps of
    /// whoever listens on port 8080: paths, permissions, contents.
    func snapshot() throws -> [String: String] {
        var files: [String: String] = [:]
        let passedOver = [".local/", ".cache/", ".kube/cache/"]
        for name in try home.list() where !passedOver.contains(where: name.hasPrefix) {
            if name.hasSuffix("/") {
                files[name] = ""
            } else if !name.hasPrefix("bin/") {
                let mode = String(try home.mode(name), radix: 8)
                files[name] = "\(mode) \(hexadecimal(sha256(try home.readBytes(name))))"
            }
        }
        return files
    }
}
