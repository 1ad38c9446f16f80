/// A program to run as a child: a plain value to set up, then ``run()`` or ``start()``.
///
///     let git = Program("git", ["credential", "fill"], environment: .inherited("PATH"))
///     let result = try await git.run(input: "protocol=https\n\n")
///     #expect(result.status == 0, "\(result)")
///
/// The child has a session of its own, so no terminal; only its standard streams open; no signal blocked or
/// ignored. Any number of tests may run children at the same time.
public struct Program: Sendable {
    /// What the child reads.
    public enum Input: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
        /// `/dev/null`.
        case null
        /// No descriptor 0 at all.
        case closed
        /// A pipe with these bytes, then its end.
        case bytes([UInt8])
        /// A pipe that ends when the test says so: ``RunningProgram/write(_:)`` and
        /// ``RunningProgram/closeInput()``.
        case open
        /// A file, opened for reading.
        case file(String)

        public static func text(_ text: String) -> Input { .bytes(Array(text.utf8)) }
        public init(stringLiteral text: String) { self = .text(text) }
    }

    /// Where the child's output goes.
    public enum Output: Sendable {
        /// Into the ``Outcome``.
        case captured
        /// Into a file, made when it is missing, else appended to; `/dev/full` makes every write fail.
        case file(String)
        /// A pipe whose reader has gone: a write gives `EPIPE` or `SIGPIPE`.
        case brokenPipe
        /// No such descriptor at all.
        case closed
    }

    /// How a child ended.
    public enum Exit: Equatable, Sendable {
        case status(Int32)
        case signal(Int32)
    }

    /// A name, looked up on this process's `PATH`, or a path.
    public var name: String
    public var arguments: [String]
    /// All of the child's variables: nothing is inherited, except with ``Swift/Dictionary/inherited(_:)``.
    public var environment: [String: String]
    /// The folder to run in, or `nil` for this process's.
    public var workingDirectory: String?
    /// What the child sees as its own name (`argv[0]`), or `nil` for ``name``.
    public var calledAs: String?
    public var output: Output = .captured
    public var errors: Output = .captured
    /// After this long the child and its process group are killed, and waiting for it throws ``TimedOut``. A server
    /// has none (`nil`): however long its test waits for its turn on a busy machine, it must still be there.
    public var timeLimit: Duration? = .seconds(300)
    /// The home it runs in, which must not be removed while it does.
    var home: TemporaryFolder?

    public init(
        _ name: String, _ arguments: [String] = [], environment: [String: String] = [:],
        in workingDirectory: String? = nil
    ) {
        self.name = name
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
    }

    /// Runs it to its end.
    ///
    /// - Throws: ``NotFound``; ``TimedOut``; ``SystemFailure`` when it cannot be started.
    public func run(input: Input = .null) async throws -> Outcome {
        await Crowd.ofChildren.enter()
        let outcome: Outcome
        do {
            outcome = try await start(input: input).wait()
        } catch {
            await Crowd.ofChildren.leave()
            throw error
        }
        await Crowd.ofChildren.leave()
        return outcome
    }

    /// Runs `copies` of it at the same time.
    ///
    /// - Returns: what came of each, in no order that means anything.
    public func run(copies: Int, input: Input = .null) async throws -> [Outcome] {
        let running = try (0..<copies).map { _ in try start(input: input) }
        var outcomes: [Outcome] = []
        for child in running { outcomes.append(try await child.wait()) }
        return outcomes
    }

    /// Starts it and returns at once.
    ///
    /// - Throws: ``NotFound``; ``SystemFailure`` when it cannot be started.
    public func start(input: Input = .null) throws -> RunningProgram {
        guard let path = Program.find(name) else { throw NotFound(name: name) }
        return RunningProgram(try ChildProcess(self, path: path, input: input), in: home)
    }

    /// The path of a program on this process's `PATH`, if it is there and may be run. A name with a `/` is a
    /// path.
    public static func find(_ name: String) -> String? {
        if name.contains("/") { return isExecutable(name) ? name : nil }
        let folders = (getenv("PATH").map { String(cString: $0) } ?? "").split(separator: ":")
        return folders.lazy.map { "\($0)/\(name)" }.first(where: isExecutable)
    }

    private static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    /// There is no program of that name.
    public struct NotFound: Error, CustomStringConvertible {
        public let name: String
        public var description: String { "\(name): no such program" }
    }

    /// What a child left behind when it ended.
    public struct Outcome: Sendable, CustomStringConvertible {
        public let exit: Exit
        public let outputBytes: [UInt8]
        public let errorBytes: [UInt8]

        /// The exit status; `nil` when a signal ended it.
        public var status: Int32? { if case .status(let status) = exit { status } else { nil } }
        /// The signal that ended it, if one did.
        public var signal: Int32? { if case .signal(let signal) = exit { signal } else { nil } }
        /// Standard output as text; what is not UTF-8 becomes U+FFFD.
        public var output: String { String(decoding: outputBytes, as: UTF8.self) }
        /// Standard error as text; what is not UTF-8 becomes U+FFFD.
        public var errors: String { String(decoding: errorBytes, as: UTF8.self) }

        /// How it ended and all it printed, for the comment of an expectation.
        public var description: String { "\(exit), \(printed(outputBytes, errorBytes))" }
    }

    /// The time limit was over.
    public struct TimedOut: Error, CustomStringConvertible {
        public let program: String
        public let limit: Duration
        /// How it had ended by itself, if it had: then something it started still holds its output open.
        public let exit: Exit?
        public let outputBytes: [UInt8]
        public let errorBytes: [UInt8]

        public var description: String {
            let what =
                exit.map { "ended with \($0), but something still holds its output open" }
                ?? "was still running and has been killed"
            return "\(program) \(what) after \(limit), \(printed(outputBytes, errorBytes))"
        }
    }
}

private func printed(_ output: [UInt8], _ errors: [UInt8]) -> String {
    """
    standard output (\(output.count) bytes):
    \(String(decoding: output.prefix(10_000), as: UTF8.self))
    standard error (\(errors.count) bytes):
    \(String(decoding: errors.prefix(10_000), as: UTF8.self))
    """
}

extension Program.Exit: CustomStringConvertible {
    public var description: String {
        switch self {
        case .status(let status): "status \(status)"
        case .signal(let signal): "signal \(signal)"
        }
    }
}

extension [String: String] {
    /// Those variables of this process that are set, for a child that needs them.
    public static func inherited(_ names: String...) -> [String: String] {
        var values: [String: String] = [:]
        for name in names { values[name] = getenv(name).map { String(cString: $0) } }
        return values
    }
}
