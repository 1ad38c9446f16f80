import CTestSupport

/// A child and the two threads that serve it: one moves bytes, one waits for its end.
final class ChildProcess: Sendable {
    struct Stream: Sendable {
        var bytes: [UInt8] = []
        var hasEnded = false
        /// How much of it has been read line by line.
        var position = 0
    }

    struct Alarm: Sendable {
        let bell, button: Descriptor
    }

    struct State: Sendable {
        var output = Stream()
        var errors = Stream()
        var input: [UInt8] = []
        var inputEnds = false
        var exit: Program.Exit?
        var timedOut: Program.TimedOut?
        var isFinished: Bool { timedOut != nil || exit != nil && output.hasEnded && errors.hasEnded }
        /// Wakes the thread that moves bytes; gone when that has ended.
        var alarm: Alarm?
        /// Until then its number, and that of its process group, can be nobody else's.
        var isReaped = false
    }

    let pid: pid_t
    let state: Watched<State>
    private let program: Program

    init(_ program: Program, path: String, input: Program.Input) throws {
        let (inputOfChild, inputOfTest) = try ChildProcess.open(input)
        let (outputOfChild, outputOfTest) = try ChildProcess.open(program.output)
        let (errorsOfChild, errorsOfTest) = try ChildProcess.open(program.errors)
        let (bell, button) = try Descriptor.pipe()
        button.makeNonblocking()

        var state = State()
        state.alarm = Alarm(bell: bell, button: button)
        if case .bytes(let bytes) = input { state.input = bytes }
        if case .open = input {} else { state.inputEnds = true }
        // The threads outlive the test by a moment, in which this process may end and leave the home behind.
        var homeless = program
        homeless.home = nil
        self.program = homeless
        self.state = Watched(state)
        let streams = [inputOfChild, outputOfChild, errorsOfChild].map {
            $0?.raw ?? Int32(SUPPORT_CLOSED)
        }
        pid = try withExtendedLifetime((inputOfChild, outputOfChild, errorsOfChild)) {
            try ChildProcess.spawn(program, path, streams)
        }

        let deadline = program.timeLimit.map { ContinuousClock.now + $0 }
        Thread { self.awaitExit() }.detach()
        Thread { self.moveBytes(inputOfTest, outputOfTest, errorsOfTest, bell, until: deadline) }.detach()
    }

    func write(_ bytes: [UInt8]) {
        state.change { $0.input += bytes }
        wake()
    }

    func closeInput() {
        state.change { $0.inputEnds = true }
        wake()
    }

    func signal(_ number: Int32, toGroup: Bool) {
        state.change { state in
            if !state.isReaped { _ = kill(toGroup ? -pid : pid, number) }
        }
    }

    func readLine(_ stream: WritableKeyPath<State, Stream> & Sendable) async throws -> String? {
        enum Line {
            case text(String)
            case end
        }
        let line = await state.wait { state -> Line? in
            let rest = state[keyPath: stream].bytes[state[keyPath: stream].position...]
            if let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
                state[keyPath: stream].position = newline + 1
                return .text(String(decoding: rest[..<newline], as: UTF8.self))
            }
            guard state[keyPath: stream].hasEnded || state.isFinished else { return nil }
            state[keyPath: stream].position = rest.endIndex
            return rest.isEmpty ? .end : .text(String(decoding: rest, as: UTF8.self))
        }
        switch line {
        case .text(let text): return text
        case .end, nil:
            if let timedOut = state.value.timedOut { throw timedOut }
            return nil
        }
    }

    func wait() async throws -> Program.Outcome {
        let final = await state.wait { $0.isFinished ? $0 : nil }!
        if let timedOut = final.timedOut { throw timedOut }
        return Program.Outcome(
            exit: final.exit!, outputBytes: final.output.bytes, errorBytes: final.errors.bytes)
    }

    private func wake() {
        // Under the lock, so that the bell is not closed meanwhile: that would be a SIGPIPE.
        state.change { state in
            if let alarm = state.alarm {
                [0 as UInt8].withUnsafeBytes { _ = writeSome(alarm.button.raw, $0) }
            }
        }
    }

    // MARK: - On its own threads

    private func awaitExit() {
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, Int32(WEXITED) | Int32(WNOWAIT)) == -1, errno == EINTR {}
        #if canImport(Darwin)
            let number = info.si_status
        #else
            let number = info._sifields._sigchld.si_status
        #endif
        state.change { $0.exit = info.si_code == CLD_EXITED ? .status(number) : .signal(number) }
        wake()
        reapWhenDone()
    }

    /// Called at the end of either thread: the later one reaps.
    private func reapWhenDone() {
        state.change { state in
            guard state.exit != nil, state.alarm == nil else { return }
            while waitpid(pid, nil, 0) == -1, errno == EINTR {}
            state.isReaped = true
        }
    }

    private func moveBytes(
        _ input: Descriptor?, _ output: Descriptor?, _ errors: Descriptor?, _ bell: Descriptor,
        until deadline: ContinuousClock.Instant?
    ) {
        var (input, output, errors) = (input, output, errors)
        for end in [input, output, errors] { end?.makeNonblocking() }
        state.change {
            $0.output.hasEnded = output == nil
            $0.errors.hasEnded = errors == nil
        }
        while true {
            // Not the whole state: holding its arrays would have each addition to them copy them.
            let (isFinished, pending, inputEnds) = state.change { state in
                (state.isFinished, Array(state.input.prefix(65_536)), state.inputEnds || state.exit != nil)
            }
            if isFinished { break }
            if pending.isEmpty && inputEnds { end(&input) }
            if let deadline, let limit = program.timeLimit, deadline <= .now {
                expire(after: limit)
                break
            }

            var entries = [
                pollfd(fd: bell.raw, events: Int16(POLLIN), revents: 0),
                pollfd(fd: output?.raw ?? -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: errors?.raw ?? -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: pending.isEmpty ? -1 : input?.raw ?? -1, events: Int16(POLLOUT), revents: 0),
            ]
            guard poll(&entries, nfds_t(entries.count), pollTimeout(until: deadline)) > 0 else { continue }
            if entries[0].revents != 0 {
                var rings = [UInt8](repeating: 0, count: 64)
                _ = readSome(bell.raw, into: &rings)
            }
            if entries[1].revents != 0 { receive(&output, \.output) }
            if entries[2].revents != 0 { receive(&errors, \.errors) }
            if entries[3].revents != 0 { send(pending, to: &input) }
        }
        state.change { $0.alarm = nil }
        end(&input)
        end(&output)
        end(&errors)
        reapWhenDone()
    }

    private func end(_ descriptor: inout Descriptor?) {
        descriptor?.close()
        descriptor = nil
    }

    private func receive(_ source: inout Descriptor?, _ stream: WritableKeyPath<State, Stream> & Sendable) {
        guard let descriptor = source else { return }
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = readSome(descriptor.raw, into: &chunk)
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        if count <= 0 { end(&source) }
        let received = chunk.prefix(max(0, count))
        state.change {
            $0[keyPath: stream].bytes += received
            $0[keyPath: stream].hasEnded = count <= 0
        }
    }

    private func send(_ bytes: [UInt8], to target: inout Descriptor?) {
        guard let descriptor = target else { return }
        let count = bytes.withUnsafeBytes { writeSome(descriptor.raw, $0) }
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        if count < 0 { end(&target) }
        state.change { state in
            if count < 0 { state.inputEnds = true }
            state.input.removeFirst(count < 0 ? state.input.count : count)
        }
    }

    private func expire(after limit: Duration) {
        let exit = state.value.exit
        signal(SIGKILL, toGroup: true)
        state.change { state in
            state.timedOut = Program.TimedOut(
                program: ([program.name] + program.arguments).joined(separator: " "),
                limit: limit, exit: exit,
                outputBytes: state.output.bytes, errorBytes: state.errors.bytes)
        }
    }

    // MARK: - Starting

    private typealias Ends = (ofChild: Descriptor?, ofTest: Descriptor?)

    private static func open(_ input: Program.Input) throws -> Ends {
        switch input {
        case .null: return (try open("/dev/null", O_RDONLY), nil)
        case .file(let path): return (try open(path, O_RDONLY), nil)
        case .closed: return (nil, nil)
        case .bytes, .open:
            let pipe = try Descriptor.pipe()
            return (pipe.reading, pipe.writing)
        }
    }

    private static func open(_ output: Program.Output) throws -> Ends {
        switch output {
        case .file(let path): return (try open(path, O_WRONLY | O_CREAT | O_APPEND), nil)
        case .closed: return (nil, nil)
        case .captured:
            let pipe = try Descriptor.pipe()
            return (pipe.writing, pipe.reading)
        case .brokenPipe: return (try Descriptor.pipe().writing, nil)
        }
    }

    private static func open(_ path: String, _ flags: Int32) throws -> Descriptor {
        Descriptor(owning: try checked(path) { openFile(path, flags | O_CLOEXEC, 0o600) })
    }

    /// - Parameters:
    ///   - streams: as `support_spawn` has them.
    ///   - device: the terminal, where there is one.
    static func spawn(
        _ program: Program, _ path: String, _ streams: [Int32], device: String? = nil
    ) throws -> pid_t {
        var arguments = ([program.calledAs ?? program.name] + program.arguments).map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var variables = program.environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for variable in variables { free(variable) } }

        var pid = pid_t()
        let failure = spawning.withLock { _ in
            support_spawn(&pid, path, &arguments, &variables, streams, device, program.workingDirectory)
        }
        guard failure == 0 else { throw SystemFailure("starting \(path)", failure) }
        return pid
    }
}
