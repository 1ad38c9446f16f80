import TestSupport
import Testing

extension Helper {
    /// Runs the helper and measures it, from a small process: what a large one starts inherits its peak.
    ///
    /// - Returns: what came of it, and the most memory that it held, in bytes (`ru_maxrss`, getrusage(2)).
    func measured(_ arguments: String..., input: Program.Input = .null, timeLimit: Duration = .seconds(60))
        async throws -> (Program.Outcome, peak: Int)
    {
        let note = home.path("peak-memory")
        var program = client("python3", ["-c", script, note, executable] + arguments)
        program.timeLimit = timeLimit
        let result = try await program.run(input: input)
        let units = try #require(Int(try home.read(note)))
        #if canImport(Darwin)
            return (result, units)
        #else
            return (result, units << 10)
        #endif
    }
}

private let script = """
    import os, sys
    child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
    _, status, usage = os.wait4(child, 0)
    open(sys.argv[1], "w").write(str(usage.ru_maxrss))
    sys.exit(os.waitstatus_to_exitcode(status))
    """
