import TestSupport
import Testing

/// The script that pnpm runs, by itself: it gets no arguments, and its output is the `Authorization` header.
@Suite struct PnpmTests {
    @Test func printsTheHeader() async throws {
        let realm = try Realm()
        let helper = try Helper()
        try helper.install(as: "butlr-credential")
        try helper.config(realm.profile())
        let script = try helper.home.writeScript(
            "bin/butlr-npm-token",
            try Integration.text("pnpm/butlr-npm-token", ["https://npm.example.com/": "\(realm.url)/"]))
        let token = try await helper.run("token").output
        // pnpm starts it through a shell.
        let result = try await helper.client("sh", ["-c", script]).run()
        #expect(result.status == 0, "\(result)")
        #expect(result.output == "Bearer \(token)")
    }

    @Test func failsForAForeignRegistry() async throws {
        let realm = try Realm()
        let helper = try Helper()
        try helper.install(as: "butlr-credential")
        try helper.config(realm.profile())
        let script = try helper.home.writeScript(
            "bin/butlr-npm-token", try Integration.text("pnpm/butlr-npm-token"))
        let result = try await helper.client(script).run()
        #expect(result.status == 69)
        #expect(result.output == "")
        #expect(realm.logins == 0)
    }
}
