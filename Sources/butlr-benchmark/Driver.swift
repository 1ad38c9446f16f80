import Sandbox

/// A command, what it reads, and what it finds in its environment.
struct Call {
    var words: [String]
    /// The file that is its standard input.
    var input = "/dev/null"
    /// `NAME=value` each.
    var environment: [String]
}

/// How one call went.
struct Run {
    var milliseconds: Double
    var output: [UInt8]
    var pageFaults: Int
}

/// Why a measurement is not made.
struct Trouble: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Makes calls and takes the time from before they start until they have ended and all of their output is read.
struct Driver {
    /// - Throws: ``Trouble`` where the command cannot be started or fails.
    func run(_ call: Call) throws -> Run {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Trouble("there is no pipe left") }
        defer { close(ends[0]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let begin = now()
        let process = spawn(call, output: ends[1])
        close(ends[1])
        guard let process else { throw Trouble("\(call.words[0]) cannot be started") }
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(ends[0], &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { break }
            output += chunk[..<count]
        }
        let (status, usage) = wait(for: process)
        let milliseconds = now() - begin
        guard status == 0 else { throw Trouble("\(call.words.joined(separator: " ")) failed") }
        return Run(milliseconds: milliseconds, output: output, pageFaults: usage.ru_minflt)
    }

    /// Makes several calls by turns, in another order each time: what disturbs one, such as what the one before it has
    /// left running, disturbs them all.
    ///
    /// - Parameter prepare: what is done before each call, outside of the time taken.
    /// - Throws: ``Trouble`` where a call fails, or the person has had enough.
    func alternate(_ calls: [Call], runs: Int, prepare: () throws -> Void = {}) throws -> [Sample] {
        var times = [[Double]](repeating: [], count: calls.count)
        // The first turns bring programs and files into memory.
        for turn in -3..<runs {
            for index in calls.indices.shuffled() {
                try Interrupt.check()
                try prepare()
                let run = try run(calls[index])
                if turn >= 0 { times[index].append(run.milliseconds) }
            }
        }
        return times.map(Sample.init)
    }

    /// Starts a call so many times at once, and waits for all.
    ///
    /// - Returns: how long that took, in milliseconds.
    func crowd(_ call: Call, size: Int) throws -> Double {
        try Interrupt.check()
        let silence = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(silence) }
        let begin = now()
        let processes = (0..<size).compactMap { _ in spawn(call, output: silence) }
        let statuses = processes.map { wait(for: $0).status }
        let time = now() - begin
        guard statuses.count == size, statuses.allSatisfy({ $0 == 0 }) else {
            throw Trouble("of \(size) calls at once, not all were answered")
        }
        return time
    }

    /// The most memory that a call has had, in bytes, read just before its end, at which it is held up by a pipe that
    /// nobody reads.
    func peakMemory(of call: Call) throws -> Int {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Trouble("there is no pipe left") }
        defer { close(ends[0]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let flags = fcntl(ends[1], F_GETFL)
        _ = fcntl(ends[1], F_SETFL, flags | O_NONBLOCK)
        let filler = [UInt8](repeating: 0, count: 4096)
        while write(ends[1], filler, filler.count) > 0 {}
        _ = fcntl(ends[1], F_SETFL, flags)
        let process = spawn(call, output: ends[1])
        close(ends[1])
        guard let process else { throw Trouble("\(call.words[0]) cannot be started") }
        usleep(200_000)
        let status = contents(of: "/proc/\(process)/status")
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while read(ends[0], &chunk, chunk.count) > 0 {}
        _ = wait(for: process)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard
            let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({
                Int($0.filter(\.isNumber))
            })
        else { throw Trouble("this system does not tell") }
        return kilobytes * 1024
    }

    private func spawn(_ call: Call, output: Int32) -> pid_t? {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
        #else
            var actions = posix_spawn_file_actions_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, call.input, O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        let words = call.words.map { strdup($0) } + [nil]
        let variables = call.environment.map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var process: pid_t = 0
        return posix_spawn(&process, call.words[0], &actions, nil, words, variables) == 0 ? process : nil
    }

    private func wait(for process: pid_t) -> (status: Int32, usage: rusage) {
        var status: Int32 = 0
        var usage = rusage()
        while wait4(process, &status, 0, &usage) < 0 && errno == EINTR {}
        return (status, usage)
    }
}

/// Milliseconds on a clock that no one can set back.
func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1_000_000
}

/// What a file holds; nothing where it cannot be read.
func contents(of path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = read(file, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
    return String(decoding: bytes, as: UTF8.self)
}
