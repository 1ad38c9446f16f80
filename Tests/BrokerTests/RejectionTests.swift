import Platform
import Sandbox
import TestSupport
import Testing

@testable import Broker

@Suite struct RejectionTests {
    private func counting() throws -> (StubProvider, Helper) {
        let provider = try StubProvider { _, index in .token("token\(index)") }
        return (provider, try Helper.client(of: provider))
    }

    private func rejecting(_ token: String) -> Program.Input { .text(#"{"rejected_token":"\#(token)"}"#) }

    @Test func aRejectedTokenIsReplacedAndAnOlderOneIsNot() async throws {
        let (provider, helper) = try counting()
        #expect(try await helper.run("get").token == "token0")
        let replaced = try await helper.run("get", input: rejecting("token0"))
        #expect(replaced.token == "token1", "\(replaced)")
        #expect(replaced.errors.isEmpty)
        for stale in ["token0", "never-seen"] {
            let kept = try await helper.run("get", input: rejecting(stale))
            #expect(kept.token == "token1", "\(kept)")
            #expect(kept.source == "cache")
        }
        #expect(provider.requests.count == 2)
    }

    @Test func aServerThatRejectsEveryFreshTokenGetsNoMore() async throws {
        let (provider, helper) = try counting()
        #expect(try await helper.run("get").token == "token0")
        for index in 0..<2 {
            try isYoung(helper)
            #expect(
                try await helper.run("get", input: rejecting("token\(index)")).token == "token\(index + 1)")
        }
        for _ in 0..<2 {
            try isYoung(helper)
            let result = try await helper.run("get", input: rejecting("token2"))
            #expect(result.token == "token2", "\(result)")
            #expect(result.errorLines.count == 1)
            #expect(result.errors.contains("refuses fresh tokens"))
        }
        #expect(provider.requests.count == 3)

        // The minute passes.
        let now = Double(Clock.system.now().milliseconds)
        try helper.rewrite(
            "failure", ["rejections": [.number(now - 61_000), .number(now - 60_500), .number(now - 60_100)]])
        let result = try await helper.run("get", input: rejecting("token2"))
        #expect(result.token == "token3", "\(result)")
        #expect(result.errors.isEmpty)
    }

    /// Makes the stored token one that has just come, however slow the machine is.
    private func isYoung(_ helper: Helper) throws {
        try helper.rewrite("token", ["obtained": .number(Double(Clock.system.now().milliseconds - 1))])
    }

    /// A token that worked for a while has been revoked: another will do.
    @Test func aTokenThatIsNoLongerYoungIsReplacedHoweverOften() async throws {
        let (provider, helper) = try counting()
        #expect(try await helper.run("get").token == "token0")
        for index in 0..<5 {
            try helper.age(by: 11)
            let result = try await helper.run("get", input: rejecting("token\(index)"))
            #expect(result.token == "token\(index + 1)", "\(result)")
            #expect(result.errors.isEmpty)
        }
        #expect(provider.requests.count == 6)
    }

    // MARK: - Refused credentials

    /// What makes the provider be asked again.
    @Test(arguments: ["nothing", "secret", "setting", "--force-refresh"])
    func aRefusalIsRememberedUntilSomethingChanges(_ change: String) async throws {
        let provider = try StubProvider(.oauthError("invalid_client", status: 401))
        let helper = try Helper.client(of: provider)
        #expect(try await helper.run("get").status == 78)
        let before = try await helper.run("get")
        #expect(before.status == 78, "\(before)")
        #expect(provider.requests.count == 1)
        var arguments = ["token"]
        switch change {
        case "secret":
            let config = try helper.configFolder.read("config")
            try helper.config(config.split(separator: "canary-secret").joined(separator: "canary-other"))
        case "setting": try helper.useClient(of: provider.url, "client-auth = post")
        case "--force-refresh": arguments.append(change)
        default: break
        }
        let after = try await helper.program(arguments).run()
        #expect(after.status == 78, "\(after)")
        #expect(provider.requests.count == (change == "nothing" ? 1 : 2))
    }

    @Test func aGoodSecretClearsTheMemory() async throws {
        let provider = try StubProvider { request, _ in
            request.text.contains("canary-good") ? .token("good") : .oauthError("invalid_client", status: 401)
        }
        let helper = try Helper.client(of: provider, "client-auth = post")
        #expect(try await helper.run("get").status == 78)
        #expect(try helper.stored("failure") != nil)
        let config = try helper.configFolder.read("config")
        try helper.config(config.split(separator: "canary-secret").joined(separator: "canary-good"))
        let result = try await helper.run("get")
        #expect(result.token == "good", "\(result)")
        #expect(try helper.stored("failure") == nil)
    }

    /// The same wrong secret is asked about less and less often, another one at once.
    @Test func theWindowGrowsWithTheSameSecret() async throws {
        let provider = try StubProvider(.oauthError("invalid_grant"))
        let helper = try Helper.client(of: provider)
        func window() throws -> Int64 {
            let name = try #require(try helper.stored("failure"))
            let failure = try #require(try JSON(parsing: try helper.home.readBytes(name))["failure"])
            let (at, until) = (try #require(failure["at"]?.integer), try #require(failure["until"]?.integer))
            return (until - at) / 60_000
        }
        func passes(_ minutes: Double) throws {
            let name = try #require(try helper.stored("failure"))
            guard case .object(var members)? = try JSON(parsing: try helper.home.readBytes(name))["failure"]
            else { return }
            for index in members.indices where ["at", "until"].contains(members[index].name) {
                members[index].value = .number(Double(members[index].value.integer ?? 0) - minutes * 60_000)
            }
            try helper.rewrite("failure", ["failure": .object(members)])
        }
        for (index, minutes) in ([1, 2, 4, 8, 15, 15] as [Int64]).enumerated() {
            #expect(try await helper.run("get").status == 77)
            #expect(provider.requests.count == index + 1)
            #expect(try window() == minutes)
            try passes(Double(minutes) + 0.1)
        }
        try passes(15)
        #expect(try await helper.run("get").status == 77)
        #expect(try window() == 1)
        let config = try helper.configFolder.read("config")
        try passes(1.1)
        #expect(try await helper.run("get").status == 77)
        #expect(try window() == 2)
        try helper.config(config.split(separator: "canary-secret").joined(separator: "canary-other"))
        #expect(try await helper.run("get").status == 77)
        #expect(try window() == 1)
    }

    /// What only this machine can mend is tried again at once.
    @Test func aMissingCAFileIsNotRemembered() async throws {
        let provider = try StubProvider(.token("token"))
        let helper = try Helper.client(of: provider, "ca-file = authority.pem")
        try helper.config(
            try helper.configFolder.read("config").split(separator: "http:").joined(separator: "https:"))
        for _ in 0..<2 {
            let result = try await helper.run("get")
            #expect(result.status == 78, "\(result)")
            #expect(result.errors.contains("ca-file"))
        }
        #expect(try helper.stored("failure") == nil)
    }

    @Test(arguments: [
        "env:NO_SUCH_VARIABLE", "file:/no/such/file", "command:exit 3", "command:true", "systemd:none",
        "prompt:",
    ])
    func aSecretThatIsNotToBeHadIsNotRemembered(_ source: String) async throws {
        let provider = try StubProvider(.token("token"))
        let helper = try Helper.client(of: provider)
        let config = try helper.configFolder.read("config")
        try helper.config(config.split(separator: "plain:canary-secret").joined(separator: source))
        let result = try await helper.run("get")
        #expect(result.status == 78, "\(result)")
        try helper.config(config)
        #expect(try await helper.run("get").token == "token")
    }

    // MARK: - The rules

    @Test(arguments: HelperError.Code.allCases)
    func windowsGrowWithinTheirBounds(_ code: HelperError.Code) {
        var last: Milliseconds = 0
        for count in 1...100 {
            guard let window = FailureRules.window(HelperError(code, ""), count: count) else {
                #expect([.usage, .badRequest, .noProfile, .ioError, .tlsError].contains(code))
                return
            }
            switch code {
            case .temporaryFailure:
                #expect((200...75_000).contains(window))
                if count <= 5 { #expect(window > last) }
            case .providerError: #expect(window == 10_000)
            default:
                #expect((60_000...900_000).contains(window))
                #expect(window >= last)
            }
            last = window
        }
    }

    @Test(
        arguments: [(0, 1...250), (1, 1000...1000), (86_400, 86_400_000...86_400_000)]
            as [(Int, ClosedRange<Milliseconds>)])
    func aStatedWaitIsTheLeast(_ seconds: Int, _ window: ClosedRange<Milliseconds>) {
        let error = HelperError(.temporaryFailure, "", retryAfter: seconds)
        #expect(window.contains(FailureRules.window(error, count: 1) ?? -1))
    }

    @Test func onlyAStatedWaitIsSatOutForLong() {
        let deadline = Deadline(in: 30_000)
        let error = HelperError(.temporaryFailure, "")
        #expect(FailureRules.isWorthWaiting(2000, for: error, deadline))
        #expect(!FailureRules.isWorthWaiting(2001, for: error, deadline))
        let stated = HelperError(.temporaryFailure, "", retryAfter: 20)
        #expect(FailureRules.isWorthWaiting(20_000, for: stated, deadline))
        #expect(
            !FailureRules.isWorthWaiting(
                31_000, for: HelperError(.temporaryFailure, "", retryAfter: 31), deadline))
        #expect(!FailureRules.isWorthWaiting(200, for: error, Deadline(in: 0)))
    }
}

/// A token that is inside its margin but still lives.
@Suite struct SpareTokenTests {
    /// A client whose stored token (`old`) has 100 s to live.
    private func aged(_ script: @escaping StubProvider.Script) async throws -> (Helper, StubProvider) {
        let provider = try StubProvider { request, index in
            index == 0 ? .token("old") : script(request, index - 1)
        }
        let helper = try Helper.client(of: provider)
        #expect(try await helper.run("get").token == "old")
        try helper.age(by: 3500)
        return (helper, provider)
    }

    @Test func whileTheProviderIsDownItServes() async throws {
        let (helper, provider) = try await aged { _, _ in
            .body("", status: 503, headers: ["Retry-After": "3000"])
        }
        for _ in 0..<3 {
            let result = try await helper.run("get")
            #expect(result.token == "old", "\(result)")
            #expect(result.source == "cache")
            #expect(result.errors.isEmpty)
        }
        #expect(provider.requests.count == 2)
        // Whom it does not serve gets to know why.
        let rejected = try await helper.run("get", input: #"{"rejected_token":"old"}"#)
        #expect(rejected.status == 75, "\(rejected)")
        #expect(provider.requests.count == 2)
    }

    @Test func manyCallersMakeOneTry() async throws {
        let (helper, provider) = try await aged { _, _ in
            .body("", status: 503, headers: ["Retry-After": "3000"])
        }
        for result in try await helper.run(copies: 20, "get") { #expect(result.token == "old", "\(result)") }
        #expect(provider.requests.count == 2)
    }

    /// A provider that is merely silent costs a few seconds once, not the whole deadline.
    @Test func theOneTryIsBrief() async throws {
        let (helper, provider) = try await aged { _, _ in .hang }
        var program = helper.program(["get"])
        program.timeLimit = .seconds(30)
        let result = try await program.run()
        #expect(result.token == "old", "\(result)")
        #expect(provider.requests.count == 2)
    }

    @Test(
        arguments: [
            ("invalid_client", HTTPServer.Answer.oauthError("invalid_client", status: 401), 78),
            ("invalid_grant", .oauthError("invalid_grant"), 77), ("page", .body("<html>", status: 200), 69),
        ] as [(String, HTTPServer.Answer, Int32)])
    func itServesWithAWarningWhenTheNextIsRefused(
        _ name: String, _ answer: HTTPServer.Answer, _ status: Int32
    ) async throws {
        let (helper, provider) = try await aged { _, _ in answer }
        for index in 0..<2 {
            if index == 1 { try helper.prolongFailure() }
            let result = try await helper.run("get")
            #expect(result.token == "old", "\(result)")
            #expect(result.errors.contains("warning"))
            #expect(result.errorLines.count == 1)
        }
        #expect(provider.requests.count == 2)
        try helper.age(by: 200)
        #expect(try await helper.run("get").status == status)
        #expect(provider.requests.count == 2)
    }

    @Test func itIsReplacedAsSoonAsThatIsPossible() async throws {
        let (helper, provider) = try await aged { _, _ in .token("new") }
        #expect(try await helper.run("get").token == "new")
        #expect(provider.requests.count == 2)
    }
}
