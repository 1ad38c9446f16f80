/// The built helper with a home of its own, as one user's account would have it.
///
///     let helper = try Helper()
///     try helper.config("""
///         [profile "default"]
///             provider = oauth2
///             token-endpoint = \(server.url)/token
///             client-id = cli
///             client-secret = plain:s3cret
///         """)
///     let result = try await helper.run("token", "--format", "raw")
///     #expect(result.status == 0, "\(result)")
///
/// Its children see ``environment`` and nothing else. The home is removed with the last reference to the helper
/// and the last child that was started here and is still waited for.
public final class Helper: Sendable {
    public let home: TemporaryFolder
    /// What children get: `HOME`; this process's `PATH`, with the home's `bin` first; and what was given. No
    /// `XDG_*`, so the defaults hold.
    public let environment: [String: String]
    /// The executable, which is not copied.
    public let executable: String

    /// - Parameter environment: further variables; `nil` takes one away.
    /// - Throws: ``NotBuilt``.
    public init(environment: [String: String?] = [:]) throws {
        home = try TemporaryFolder()
        executable = try Helper.builtExecutable("butlr-credential")
        var variables: [String: String] = .inherited("PATH")
        variables["HOME"] = home.path
        variables["PATH"] = "\(home.path)/bin:\(variables["PATH"] ?? "/usr/bin:/bin")"
        self.environment = variables.changed(by: environment)
    }

    // MARK: - Its folders

    /// `~/.config/butlr-credential`
    public var configFolder: Folder { home.folder(".config/butlr-credential") }
    /// `~/.cache/butlr-credential`: access tokens.
    public var cacheFolder: Folder { home.folder(".cache/butlr-credential") }
    /// `~/.local/state/butlr-credential`: refresh tokens, failure memory, locks.
    public var stateFolder: Folder { home.folder(".local/state/butlr-credential") }

    /// Writes `~/.config/butlr-credential/config`, readable by its owner only.
    public func config(_ text: String, mode: mode_t = 0o600) throws {
        try configFolder.write("config", text, mode: mode)
    }

    /// Puts the helper on its children's `PATH` under the names that tools call it by, such as
    /// `git-credential-butlr`.
    public func install(as names: String...) throws {
        for name in names { try home.link("bin/\(name)", to: executable) }
    }

    // MARK: - Running it

    /// The helper with these arguments, to set up further and then run or start.
    ///
    /// - Parameter environment: changes for this call; `nil` takes a variable away.
    public func program(_ arguments: [String], environment: [String: String?] = [:]) -> Program {
        client(executable, arguments, environment: environment)
    }

    /// Another program with the same home and environment: git, kubectl, a shell.
    public func client(
        _ name: String, _ arguments: [String] = [], environment: [String: String?] = [:]
    ) -> Program {
        var program = Program(
            name, arguments, environment: self.environment.changed(by: environment), in: home.path)
        program.home = home
        return program
    }

    /// Runs the helper to its end.
    public func run(
        _ arguments: String..., input: Program.Input = .null, environment: [String: String?] = [:]
    ) async throws -> Program.Outcome {
        try await program(arguments, environment: environment).run(input: input)
    }

    /// Runs `copies` of the helper at the same time.
    public func run(
        copies: Int, _ arguments: String..., input: Program.Input = .null,
        environment: [String: String?] = [:]
    ) async throws -> [Program.Outcome] {
        try await program(arguments, environment: environment).run(copies: copies, input: input)
    }

    /// Starts the helper and returns at once.
    public func start(
        _ arguments: String..., input: Program.Input = .null, environment: [String: String?] = [:]
    ) throws -> RunningProgram {
        try program(arguments, environment: environment).start(input: input)
    }

    /// Holds the lock of the one profile, which must have been used before, while something is done.
    public func whileLocked<Result>(_ action: () async throws -> Result) async throws -> Result {
        let lock = try stateFolder.files().first { $0.hasSuffix(".lock") }
        let holder = try client(
            "flock", [stateFolder.path(lock ?? ""), "sh", "-c", "echo held; read -r line"]
        ).start(input: .open)
        _ = try await holder.readLine()
        let result = try await action()
        holder.closeInput()
        _ = try await holder.wait()
        return result
    }

    // MARK: - Finding it

    /// The path of one of this package's executables, next to the test bundle, where SwiftPM builds both.
    /// `BUTLR_TEST_BIN` names another folder, such as that of a release build.
    ///
    /// - Throws: ``NotBuilt``.
    public static func builtExecutable(_ name: String) throws -> String {
        var folder: String
        if let given = getenv("BUTLR_TEST_BIN") {
            folder = String(cString: given) + "/"
        } else {
            folder = try imagePath()
        }
        // On macOS the image is three folders deep in its bundle.
        for _ in 0..<4 {
            guard let slash = folder.lastIndex(of: "/") else { break }
            folder = String(folder[..<slash])
            let candidate = "\(folder)/\(name)"
            if Program.find(candidate) != nil { return candidate }
        }
        throw NotBuilt(name: name)
    }

    /// The executable is not where it should be.
    public struct NotBuilt: Error, CustomStringConvertible {
        public let name: String
        public var description: String { "\(name) is not built: run `swift build`" }
    }

    /// The file that this code was loaded from.
    private static func imagePath() throws -> String {
        #if canImport(Darwin)
            var info = Dl_info()
            guard dladdr(#dsohandle, &info) != 0 else { throw NotBuilt(name: "the test bundle") }
            let path = info.dli_fname
        #else
            let path = "/proc/self/exe"
        #endif
        guard let resolved = realpath(path, nil) else { throw SystemFailure("finding the test bundle") }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

extension [String: String] {
    func changed(by changes: [String: String?]) -> [String: String] {
        var result = self
        for (name, value) in changes { result[name] = value }
        return result
    }
}
