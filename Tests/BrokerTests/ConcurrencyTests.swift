import Platform
import Sandbox
import TestSupport
import Testing

/// Many processes that want the same token.
@Suite(.serialized) struct ConcurrencyTests {
    @Test func sixtyColdCallersCostOneLogin() async throws {
        let provider = try StubProvider { _, index in .token("token\(index)", delay: 200) }
        let results = try await Helper.client(of: provider).run(copies: 60, "get")
        for result in results {
            #expect(result.token == "token0", "\(result)")
            #expect(result.errors.isEmpty)
        }
        #expect(results.count { $0.source == "login" } == 1)
        #expect(provider.requests.count == 1)
    }

    /// The answer is held back until all of them run: whoever was there before it came is served by it.
    @Test(arguments: [("--force-refresh", 200), ("--min-ttl=2h", 30)])
    func callersThatAllWantANewTokenShareOne(_ option: String, _ count: Int) async throws {
        let gate = try Gate()
        let provider = try StubProvider { _, index in
            if index == 1 { gate.wait() }
            return .token("token\(index)", delay: index == 0 ? 0 : 300)
        }
        let helper = try Helper.client(of: provider)
        #expect(try await helper.run("get").token == "token0")
        let running = try (0..<count).map { _ in try helper.start("token", option) }
        try await provider.waitForRequests(2)
        // Those that were started last have yet to look at the clock.
        try await Task.sleep(for: .milliseconds(300))
        gate.open()
        var tokens: Set<String> = []
        for child in running {
            let result = try await child.wait()
            #expect(result.status == 0, "\(result)")
            tokens.insert(result.output)
        }
        #expect(!tokens.contains("token0\n"))
        #expect(provider.requests.count <= 4)
    }

    @Test func theSameRejectedTokenIsReplacedOnce() async throws {
        let gate = try Gate()
        let provider = try StubProvider { _, index in
            if index == 1 { gate.wait() }
            return .token("token\(index)")
        }
        let helper = try Helper.client(of: provider)
        #expect(try await helper.run("get").token == "token0")
        let running = try (0..<50).map { _ in
            try helper.start("get", input: #"{"rejected_token":"token0"}"#)
        }
        try await provider.waitForRequests(2)
        gate.open()
        for child in running { #expect(try await child.wait().token == "token1") }
        #expect(provider.requests.count == 2)
    }

    /// Using a rotated refresh token twice would revoke the whole login.
    @Test func aRotatingRefreshTokenIsNeverReplayed() async throws {
        let sandbox = SandboxServer(SandboxOptions(latency: 20, rotatesRefreshTokens: true))
        let url = try sandbox.start()
        defer { sandbox.stop() }
        let helper = try Helper(environment: ["BUTLR_TIMEOUT": "60s"])
        try helper.config(
            """
            [profile "default"]
                provider = oauth2
                token-endpoint = \(url)/oauth/token
                client-auth = none
                client-id = client_sandbox
                grant = password
                username = ada@example.com
                password = plain:sandbox-password
            """)
        #expect(try await helper.run("get").source == "login")
        for round in 0..<5 {
            for result in try await helper.run(copies: 30, "token", "--force-refresh") {
                #expect(result.status == 0, "\(result)")
            }
            // Tokens that end by themselves, as those of every other round.
            if round % 2 == 1 {
                try helper.age(by: 4000)
                let results = try await helper.run(copies: 30, "get")
                #expect(Set(results.map(\.token)).count == 1)
                #expect(results.count { $0.source == "refresh" } == 1)
            }
        }
        let requests = sandbox.requests
        #expect(requests.allSatisfy { $0.status == 200 })
        #expect(requests.map(\.grant).filter { $0 == "password" }.count == 1)
        #expect(requests.count >= 8)
    }

    @Test func aKilledHolderHoldsNobodyUp() async throws {
        let provider = try StubProvider { _, index in index == 0 ? .hang : .token("token\(index)") }
        let helper = try Helper.client(of: provider)
        let holder = try helper.start("get")
        try await provider.waitForRequests(1)
        let waiter = try helper.start("get")
        try await Task.sleep(for: .milliseconds(100))
        #expect(!waiter.hasEnded)
        holder.signal(SIGKILL)
        #expect(try await holder.wait().signal == SIGKILL)
        let result = try await waiter.wait()
        #expect(result.token == "token1", "\(result)")
        #expect(result.errors.isEmpty)
    }

    @Test func aStoppedHolderIsWaitedForUntilTheDeadline() async throws {
        let gate = try Gate()
        let provider = try StubProvider { _, index in
            gate.wait()
            return .token("token\(index)")
        }
        let helper = try Helper.client(of: provider)
        let holder = try helper.start("get")
        try await provider.waitForRequests(1)
        holder.signal(SIGSTOP)
        gate.open()
        let results = try await helper.run(copies: 5, "get", environment: ["BUTLR_TIMEOUT": "2s"])
        for result in results {
            #expect(result.status == 75, "\(result)")
            #expect(result.isRetryable == true)
            #expect(result.retryAfter != nil)
            #expect(result.message.contains("another process"))
        }
        #expect(provider.requests.count == 1)
        holder.signal(SIGCONT)
        #expect(try await holder.wait().token == "token0")
        #expect(try await helper.run("get").source == "cache")
    }

    @Test func waitersAreServedAsSoonAsThereIsAToken() async throws {
        let gate = try Gate()
        let provider = try StubProvider { _, _ in
            gate.wait()
            return .token("token")
        }
        let helper = try Helper.client(of: provider)
        let holder = try helper.start("get")
        try await provider.waitForRequests(1)
        let waiters = try (0..<5).map { _ in try helper.start("get") }
        gate.open()
        for waiter in waiters {
            let result = try await waiter.wait()
            #expect(result.token == "token", "\(result)")
            #expect(result.source == "cache")
        }
        #expect(try await holder.wait().source == "login")
        #expect(provider.requests.count == 1)
        #expect(try helper.stored("lock") != nil)
    }

    @Test func aWrongSecretIsTriedOnceByFifty() async throws {
        let provider = try StubProvider(.oauthError("invalid_client", status: 401))
        for result in try await Helper.client(of: provider).run(copies: 50, "get") {
            #expect(result.status == 78, "\(result)")
            expectNoSecret(result)
        }
        #expect(provider.requests.count == 1)
    }

    /// Profiles do not share a lock, nor anything else that one could spoil for the other.
    @Test func manyProfilesFailSideBySideOnceEach() async throws {
        let provider = try StubProvider(.oauthError("invalid_client", status: 401))
        let helper = try Helper.client(of: provider)
        let one = try helper.configFolder.read("config")
        let names = (0..<20).map { "profile\($0)" }
        try helper.config(names.map { one.split(separator: "default").joined(separator: $0) + "\n" }.joined())
        let running = try names.map { try helper.start("--profile", $0, "get") }
        for child in running { #expect(try await child.wait().status == 78) }
        for name in names { #expect(try await helper.run("--profile", name, "get").status == 78) }
        #expect(provider.requests.count == names.count)
    }
}
