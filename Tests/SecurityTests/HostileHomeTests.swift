import Platform
import TestSupport
import Testing

/// A home in which somebody has planted things where the helper keeps its files.
@Suite struct HostileHomeTests {
    /// The text of a file that nothing may happen to.
    private static let precious = "precious\n"

    /// What somebody puts at a path.
    struct Plant: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable (_ home: TemporaryFolder, _ path: String) throws -> Void
    }

    static let plants = [
        Plant(testDescription: "a link to a file") { try $0.link($1, to: $0.path("precious")) },
        Plant(testDescription: "a link to nowhere") { try $0.link($1, to: $0.path("missing")) },
        Plant(testDescription: "a hard link") { home, path in
            try #require(link(home.path("precious"), path) == 0)
        },
        Plant(testDescription: "a pipe") { _, path in try #require(mkfifo(path, 0o600) == 0) },
        Plant(testDescription: "a folder") { try $0.makeFolder($1 + "/x") },
        Plant(testDescription: "a link to a device") { try $0.link($1, to: "/dev/zero") },
        Plant(testDescription: "a link to a terminal") { try $0.link($1, to: "/dev/tty") },
        Plant(testDescription: "a file of a stranger's") { home, path in
            try requireRoot()
            try home.write(path, HostileHomeTests.precious)
            try #require(chown(path, stranger, stranger) == 0)
        },
        Plant(testDescription: "a device") { _, path in
            try requireRoot()
            if mknod(path, S_IFCHR | 0o600, 0x105) != 0 { try Test.cancel("no device can be made here") }
        },
    ]

    /// In the place of each file of the store, and of what it is written as.
    @Test(
        arguments: plants, [".token", ".token.new", ".refresh", ".refresh.new", ".lock", ".key", ".failure"])
    func whatIsPlantedInTheStoreStopsNothing(_ plant: Plant, ending: String) async throws {
        let victim = try Victim(
            "grant = password", "client-auth = none", "username = ada", "password = plain:\(Victim.secret)",
            secret: nil,
            reply: .json(
                #"{"access_token":"\#(Victim.token)","token_type":"Bearer","expires_in":3600,"refresh_token":"canary-r"}"#
            ))
        let home = victim.helper.home
        try home.write("precious", Self.precious, mode: 0o640)
        try await victim.seed()
        let files = try home.files().filter { $0.hasPrefix(".cache") || $0.hasPrefix(".local") }
        let stem = try #require(files.first { $0.hasSuffix(".lock") }?.split(separator: "/").last).dropLast(5)
        let folder = ending.hasPrefix(".token") ? victim.helper.cacheFolder : victim.helper.stateFolder
        for file in files { try home.remove(file) }
        try plant.make(home, folder.path("\(stem)\(ending)"))

        for _ in 0..<2 {
            var program = victim.helper.program(["token"])
            program.timeLimit = .seconds(60)
            let result = try await program.run()
            #expect(result.output == Victim.token + "\n", "\(result)")
            #expect(result.status == 0)
            #expect(result.errors.split(separator: "\n").count <= 1, "\(result)")
            #expect(!result.errors.contains("canary"), "\(result)")
        }
        #expect(try home.read("precious") == Self.precious)
        #expect(try home.mode("precious") == 0o640)
        #expect(!home.exists("missing"))
        // Nothing secret lies in a file that others could read.
        for file in try home.files() where !file.hasPrefix(".config") && isRegular(home.path(file)) {
            guard try home.read(file).contains("canary") else { continue }
            #expect(try home.mode(file) == 0o600, "\(file)")
        }
    }

    /// In the place of its folders. A link of the user's own is how caches are moved to another disk.
    @Test(arguments: ["cache", "state"], ["own", "stranger"])
    func aLinkInAFoldersPlaceIsFollowedForItsOwnerAlone(_ kind: String, owner: String) async throws {
        let victim = try Victim()
        let home = victim.helper.home
        let folder = kind == "cache" ? victim.helper.cacheFolder : victim.helper.stateFolder
        try home.makeFolder("public", mode: 0o755)
        try home.link(folder.path, to: home.path("public"))
        if owner == "stranger" {
            try requireRoot()
            try #require(lchown(folder.path, stranger, stranger) == 0)
        }
        let result = try await victim.helper.run("token")
        #expect(result.output == Victim.token + "\n", "\(result)")
        #expect(result.errors.contains("warning") == (owner == "stranger"), "\(result)")
        #expect(try home.folder("public").list().isEmpty == (owner == "stranger"))
        #expect(try home.mode("public") == (owner == "stranger" ? 0o755 : 0o700))
    }

    /// In the place of what is read: nothing of it makes the helper wait.
    @Test(
        arguments: plants.filter { !["a link to a file", "a hard link"].contains($0.testDescription) },
        ["config", "secret", "ca-file", "link"])
    func nothingIsWaitedForThatIsNoFile(_ plant: Plant, place: String) async throws {
        let victim = try Victim("ca-file = planted", secret: "file:secret")
        let home = victim.helper.home
        let folder = victim.helper.configFolder
        try folder.write("secret", Victim.secret)
        try folder.write("planted", "")
        switch place {
        case "config": try folder.remove("config")
        case "secret": try folder.remove("secret")
        case "ca-file": try folder.remove("planted")
        default: break
        }
        let name = ["config": "config", "secret": "secret", "ca-file": "planted"][place] ?? "secret"
        if place == "link" {
            try folder.remove("secret")
            try folder.link("secret", to: home.path("elsewhere"))
            try plant.make(home, home.path("elsewhere"))
        } else {
            try plant.make(home, folder.path(name))
        }
        var program = victim.helper.program(["get"])
        program.timeLimit = .seconds(60)
        let result = try await program.run(input: "{}")
        // Another's file may be a certificate or a secret that the user may read; and without TLS a missing one does
        // no harm.
        let isFile = plant.testDescription == "a file of a stranger's"
        let isMissing = plant.testDescription == "a link to nowhere"
        if place == "config" || !isFile && !(isMissing && place == "ca-file") {
            #expect(result.errorCode == "config", "\(result)")
            #expect(victim.provider.requests.isEmpty)
        }
        expectHarmless(result.everything)
    }

    /// What a person hands over is for that person alone, whatever the shell was set to.
    @Test func whatLoginWritesIsPrivateWhateverTheUmask() async throws {
        let victim = try Victim()
        let home = victim.helper.home
        try home.remove(".config")
        let arguments = [
            "login", "--no-input", "--provider", "oauth2", "--token-endpoint", "\(victim.provider.url)/token",
            "--client-id", "cli", "--secret-stdin",
        ]
        let result = try await victim.helper.client(
            "/bin/sh", ["-c", "umask 0; exec \"$0\" \"$@\"", victim.helper.executable] + arguments
        ).run(input: .text(Victim.secret))
        #expect(result.status == 0, "\(result)")
        expectNoCanary(result)
        let written = try home.list()
        #expect(written.contains { $0.contains("/secrets/") })
        for name in written {
            #expect(try home.mode(name) == (name.hasSuffix("/") ? 0o700 : 0o600), "\(name)")
        }
    }

    private func isRegular(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.isRegularFile
    }
}
