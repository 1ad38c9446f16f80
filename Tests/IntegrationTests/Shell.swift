import TestSupport

/// A command line from a tool's page, with a server of its own that demands a token.
struct Shell: Sendable {
    let helper: Helper
    let realm: Realm
    private let command: String

    /// - Parameters:
    ///   - page: below `integrations`.
    ///   - index: which of the page's blocks of commands.
    ///   - server: the server that the page speaks of, as it is written there.
    init(
        page: String, _ index: Int, server: String, _ scheme: Realm.Scheme = .bearer, lifetime: Int = 3600
    ) throws {
        realm = try Realm(scheme, lifetime: lifetime)
        helper = try Helper()
        try helper.install(as: "butlr-credential", "butlr-askpass")
        try helper.config(realm.profile())
        command = try Integration.commands(page, [server: realm.url])[index]
    }

    func run(environment: [String: String?] = [:]) async throws -> Program.Outcome {
        try await helper.client("bash", ["-c", command], environment: environment).run()
    }
}
