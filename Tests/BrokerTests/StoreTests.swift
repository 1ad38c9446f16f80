import Platform
import Sandbox
import TestSupport
import Testing

/// Whatever has become of the files: the right token, one warning at most, and a store that heals.
@Suite struct StoreTests {
    /// What has happened to the stored token, whose path is given.
    struct Damage: CustomTestStringConvertible {
        let testDescription: String
        let isForRoot: Bool
        let make: @Sendable (_ helper: Helper, _ path: String) throws -> Void

        init(
            _ name: String, isForRoot: Bool = false,
            _ make: @escaping @Sendable (_ helper: Helper, _ path: String) throws -> Void
        ) {
            testDescription = name
            self.isForRoot = isForRoot
            self.make = make
        }
    }

    static let damages: [Damage] = [
        Damage("missing") { try $0.home.remove($1) },
        Damage("empty") { try $0.home.write($1, "") },
        Damage("truncated") { try $0.home.write($1, Array(try $0.home.readBytes($1).dropLast(9))) },
        Damage("garbage") { try $0.home.write($1, [0, 0xFF, 0x7B, 0x22]) },
        Damage("huge") { try $0.home.write($1, [UInt8](repeating: 0x20, count: 5 << 20)) },
        Damage("other version") { helper, _ in try helper.rewrite("token", ["version": 2]) },
        Damage("other identity") { helper, _ in try helper.rewrite("token", ["identity": "another"]) },
        Damage("no token in it") { helper, _ in try helper.rewrite("token", ["access_token": .null]) },
        Damage("absurd times") { helper, _ in try helper.rewrite("token", ["expires": .number(1e300)]) },
        Damage("others may read") { try $0.home.setMode($1, 0o644) },
        Damage("others may write") { try $0.home.setMode($1, 0o602) },
        Damage("other owner", isForRoot: true) { helper, path in
            #expect(chown(helper.home.path(path), 65534, 65534) == 0)
        },
        Damage("other owner's folder", isForRoot: true) { helper, _ in
            #expect(chown(helper.cacheFolder.path, 65534, 65534) == 0)
        },
        Damage("symbolic link") { helper, path in
            try helper.home.write("elsewhere", try helper.home.readBytes(path))
            try helper.home.remove(path)
            try helper.home.link(path, to: helper.home.path("elsewhere"))
        },
        Damage("dangling link") { helper, path in
            try helper.home.remove(path)
            try helper.home.link(path, to: "/nowhere/at/all")
        },
        Damage("hard link") { helper, path in
            #expect(link(helper.home.path(path), helper.home.path("second-name")) == 0)
        },
        Damage("pipe") { helper, path in
            try helper.home.remove(path)
            #expect(mkfifo(helper.home.path(path), 0o600) == 0)
        },
        Damage("others may write its folder") { helper, _ in
            try helper.home.setMode(helper.cacheFolder.path, 0o770)
        },
        Damage("no folder") { helper, _ in try helper.home.remove(".cache") },
        Damage("a killed writer's rest") { helper, path in
            try helper.home.remove(path)
            try helper.home.write(path + ".new", "{\"access_token\":\"half")
        },
        Damage("clock set back") { helper, _ in try helper.age(by: -3600) },
        Damage("expired") { helper, _ in try helper.age(by: 3601) },
        Damage("inside the margin") { helper, _ in try helper.age(by: 3600 - 299) },
    ]

    @Test(arguments: damages)
    func aDamagedTokenIsReplacedAndHealed(_ damage: Damage) async throws {
        if damage.isForRoot { try requireRoot() }
        let provider = try StubProvider { _, index in .token("token\(index)") }
        let helper = try Helper.client(of: provider)
        #expect(try await helper.run("get").token == "token0")
        let path = try #require(try helper.stored("token"))
        try damage.make(helper, path)

        let result = try await helper.run("get")
        if damage.testDescription == "other owner's folder" {
            // Nothing can be kept there: it would be somebody else's to read.
            #expect(result.token == "token1", "\(result)")
            #expect(result.errorLines.count == 1)
            return
        }
        #expect(result.token == "token1", "\(result)")
        #expect(result.errors.isEmpty)
        #expect(try helper.home.mode(path) == 0o600)
        #expect(try helper.home.mode(helper.cacheFolder.path) == 0o700)
        let again = try await helper.run("get")
        #expect(again.token == "token1", "\(again)")
        #expect(again.source == "cache")
        #expect(provider.requests.count == 2)
        #expect(try helper.home.files().filter { $0.hasSuffix(".new") }.isEmpty)
    }

    @Test(arguments: [
        ("before its margin", 3600 - 400), ("issued a moment ahead of the clock", -50),
    ])
    func aGoodTokenIsNotReplaced(_ name: String, _ seconds: Int64) async throws {
        let provider = try StubProvider(.token("token", lifetime: "3600"))
        let helper = try Helper.client(of: provider)
        #expect(try await helper.run("get").source == "login")
        try helper.age(by: seconds)
        #expect(try await helper.run("get").source == "cache")
    }

    @Test func filesArePrivateWhateverTheUmask() async throws {
        let provider = try StubProvider(.tokens("token", refresh: "refresh"))
        let helper = try Helper.user(of: provider)
        let result = try await helper.client("sh", ["-c", "umask 0; exec \"$0\" get", helper.executable])
            .run()
        #expect(result.token == "token", "\(result)")
        for name in try helper.home.list()
        where name.contains("butlr-credential") && !name.hasPrefix(".config") {
            #expect(try helper.home.mode(name) == (name.hasSuffix("/") ? 0o700 : 0o600), "\(name)")
        }
        #expect(try helper.stored("refresh") != nil)
    }

    // MARK: - Nowhere to keep it

    /// How there is nowhere to keep a token.
    struct Obstacle: CustomTestStringConvertible {
        let testDescription: String
        var environment: [String: String?] = [:]
        var prepare: @Sendable (_ helper: Helper) throws -> Void = { _ in }
    }

    static let obstacles: [Obstacle] = [
        Obstacle(testDescription: "no HOME", environment: ["HOME": nil]),
        Obstacle(testDescription: "empty HOME", environment: ["HOME": ""]),
        Obstacle(testDescription: "relative HOME", environment: ["HOME": "here"]),
        Obstacle(testDescription: "HOME is not there", environment: ["HOME": "/proc/nowhere"]),
        Obstacle(testDescription: "no cache", environment: ["XDG_CACHE_HOME": "/proc/nowhere"]),
        Obstacle(testDescription: "no state", environment: ["XDG_STATE_HOME": "/proc/nowhere"]),
        Obstacle(testDescription: "a file where the cache should be") { try $0.home.write(".cache", "") },
        Obstacle(testDescription: "a file where the state should be") { try $0.home.write(".local", "") },
    ]

    @Test(arguments: obstacles)
    func aTokenThatCannotBeKeptIsHandedOutWithOneWarning(_ obstacle: Obstacle) async throws {
        let provider = try StubProvider { _, index in .tokens("token\(index)", refresh: "refresh\(index)") }
        let helper = try Helper.user(of: provider)
        try obstacle.prepare(helper)
        let environment = obstacle.environment.merging([
            "BUTLR_CONFIG": helper.configFolder.path("config")
        ]) { $1 }
        for index in 0..<2 {
            let result = try await helper.run("get", environment: environment)
            #expect(result.status == 0, "\(result)")
            #expect(result.errorLines.count == 1, "\(result)")
            #expect(result.errors.contains("warning"))
            // Without a cache there may still be a refresh token.
            #expect(result.token == "token\(index)")
        }
        #expect(try helper.stored("token") == nil)
    }

    /// A relative or empty variable counts as unset (XDG Base Directory 0.8).
    @Test(arguments: ["", "relative/path", "."])
    func anXDGVariableThatIsNoAbsolutePathIsIgnored(_ value: String) async throws {
        let provider = try StubProvider(.token("token"))
        let helper = try Helper.client(of: provider)
        let environment = ["XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"]
            .reduce(into: [String: String?]()) { $0[$1] = value }
        let result = try await helper.run("get", environment: environment)
        #expect(result.token == "token", "\(result)")
        #expect(result.errors.isEmpty)
        #expect(try helper.cacheFolder.files().count == 1)
        #expect(try helper.stateFolder.files().count == 1)
    }

    /// As a user who is not root, whom permissions stop.
    @Test(.clients("setpriv"), arguments: [".cache/butlr-credential", ".local/state/butlr-credential"])
    func anUnwritableFolderStopsNothing(_ folder: String) async throws {
        let provider = try StubProvider { _, index in .token("token\(index)") }
        let helper = try Helper.client(of: provider)
        for name in [".cache/butlr-credential", ".local/state/butlr-credential"] {
            try helper.home.makeFolder(name)
        }
        try helper.home.setMode(folder, 0o500)
        func run() async throws -> Program.Outcome {
            guard geteuid() == 0 else { return try await helper.run("get") }
            return try await helper.client(
                "setpriv",
                ["--reuid=65534", "--regid=65534", "--clear-groups", helper.executable, "get"]
            ).run()
        }
        if geteuid() == 0 {
            try requireReachable(helper.executable)
            for name in [""] + (try helper.home.list()) {
                #expect(chown(helper.home.path(name), 65534, 65534) == 0)
            }
        }
        let result = try await run()
        #expect(result.token == "token0", "\(result)")
        #expect(result.errorLines.count == 1)
        #expect(result.errors.contains("Permission denied"))
        try helper.home.setMode(folder, 0o700)
        let healed = try await run()
        #expect(healed.token == "token1", "\(healed)")
        #expect(healed.errors.isEmpty)
        let last = try await run()
        #expect(last.source == "cache", "\(last)")
    }

    /// A disk that was readable and lockable once still serves the token it holds.
    @Test func aReadOnlyDiskServesWhatItHolds() async throws {
        try requireRoot()
        let provider = try StubProvider { _, index in .token("token\(index)") }
        let helper = try Helper.client(of: provider)
        #expect(try await helper.run("get").token == "token0")
        let disk = try Mount(over: helper.home.path, kind: .readOnlyCopy)
        defer { disk.unmount() }
        let result = try await helper.run("get")
        #expect(result.source == "cache", "\(result)")
        #expect(result.errors.isEmpty)
        let renewed = try await helper.run("token", "--force-refresh")
        #expect(renewed.output == "token1\n", "\(renewed)")
        #expect(renewed.errorLines.count == 1)
        #expect(renewed.errors.contains("Read-only file system"))
    }

    @Test func aFullDiskStopsNothing() async throws {
        try requireRoot()
        let provider = try StubProvider { _, index in .tokens("token\(index)", refresh: "refresh\(index)") }
        let helper = try Helper.user(of: provider)
        try helper.home.makeFolder("disk")
        let disk = try Mount(over: helper.home.path("disk"), kind: .small)
        defer { disk.unmount() }
        let environment = [
            "XDG_CACHE_HOME": helper.home.path("disk"), "XDG_STATE_HOME": helper.home.path("disk"),
        ]
        let kept = try await helper.run("get", environment: environment)
        #expect(kept.token == "token0", "\(kept)")
        #expect(kept.errors.isEmpty)

        try disk.fill()
        for index in 1...2 {
            let result = try await helper.run("token", "--force-refresh", environment: environment)
            #expect(result.output == "token\(index)\n", "\(result)")
            #expect(result.errorLines.count == 1)
            #expect(result.errors.contains("No space left on device"))
        }
        // With no room for its successor no refresh token is sent.
        #expect(provider.asked == ["password", "password", "password"])
        let old = try await helper.run("get", environment: environment)
        #expect(old.token == "token0", "\(old)")

        try helper.home.remove("disk/filler")
        let healed = try await helper.run("token", "--force-refresh", environment: environment)
        #expect(healed.output == "token3\n", "\(healed)")
        #expect(healed.errors.isEmpty)
        #expect(try helper.home.files().filter { $0.hasSuffix(".new") }.isEmpty)
    }

    // MARK: - No locks

    /// Two processes could spoil each other's refresh token.
    @Test(.clients("strace")) func withoutLocksATokenIsHandedOutButNotKept() async throws {
        let provider = try StubProvider { _, index in .tokens("token\(index)", refresh: "refresh\(index)") }
        let helper = try Helper.user(of: provider)
        #expect(try await helper.run("get").token == "token0")
        try helper.age(by: 4000)
        for index in 1...2 {
            let result = try await helper.withFault("flock:error=ENOLCK", "get").run()
            try result.requireStrace()
            #expect(result.token == "token\(index)", "\(result)")
            #expect(result.errorLines.count == 1, "\(result)")
            #expect(result.errors.contains("No locks available; let XDG_STATE_HOME name a folder"))
        }
        #expect(provider.asked == ["password", "password", "password"])
        let healed = try await helper.run("get")
        #expect(healed.source == "refresh", "\(healed)")
        #expect(provider.asked.last == "refresh0")
    }

    /// As on a network whose server does not answer: a lock that is only asked for may then block.
    @Test(.clients("strace")) func aLockThatBlocksIsNotWaitedForBeyondTheDeadline() async throws {
        let provider = try StubProvider(.token("token"))
        let helper = try Helper.client(of: provider, timeout: "1s")
        let running = try helper.withFault("flock:delay_enter=200s", "get").start()
        let answer = try await running.readLine()
        if answer == nil { try await running.wait().requireStrace() }
        #expect(answer?.contains(#""code":"temporary-failure""#) == true, "\(answer ?? "")")
        // It still hangs there.
        #expect(!running.hasEnded)
        await running.kill()
        #expect(provider.requests.isEmpty)
        #expect(try await helper.run("get").token == "token")
    }

    // MARK: - Identity

    /// Two configs that share a profile's name neither serve nor evict each other.
    @Test func whatChangesTheAnswerHasATokenOfItsOwn() async throws {
        let provider = try StubProvider { _, index in .token("token\(index)") }
        let helper = try Helper.client(of: provider)
        let variants = ["", "scope = a", "scope = b", "audience = a", "resource = https://a/", "param = a=b"]
        for (index, variant) in variants.enumerated() {
            try helper.useClient(of: provider.url, variant)
            #expect(try await helper.run("get").token == "token\(index)")
        }
        for (index, variant) in variants.enumerated() {
            try helper.useClient(of: provider.url, variant)
            #expect(try await helper.run("get").token == "token\(index)")
        }
        // The order of scopes changes nothing.
        try helper.useClient(of: provider.url, "scope = a b")
        #expect(try await helper.run("get").token == "token6")
        try helper.useClient(of: provider.url, "scope = b a")
        #expect(try await helper.run("get").token == "token6")
    }

    @Test(arguments: ["../../x", "a/b", ".", "..", "ü b", "CON", String(repeating: "n", count: 300)])
    func anyNameOfAProfileIsASafeFileName(_ name: String) async throws {
        let provider = try StubProvider(.token("token"))
        let helper = try Helper.client(of: provider)
        let config = try helper.configFolder.read("config")
        try helper.config(config.split(separator: "default").joined(separator: name))
        for source in ["login", "cache"] {
            let result = try await helper.run("--profile", name, "get")
            #expect(result.source == source, "\(result)")
        }
        #expect(try helper.cacheFolder.files().count == 1)
    }
}
