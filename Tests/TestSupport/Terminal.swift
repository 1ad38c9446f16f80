import CTestSupport

/// A program on a pseudo-terminal of its own, as if a person had typed its name: its session's controlling
/// terminal, and its standard streams unless they are said to be elsewhere.
///
///     let terminal = try Terminal(helper.program(["login"]))
///     try await terminal.expect("Client ID")
///     terminal.type("client_sandbox\n")
///     let end = try await terminal.wait()
///     #expect(end.exit == .status(0), "\(end.screen)")
///
/// Everything that the program writes to the terminal is kept, control sequences and all; lines end in `\r\n`
/// there. The program is killed when the last reference to this goes while it still runs.
public final class Terminal: Sendable {
    private struct State: Sendable {
        var shown: [UInt8] = []
        /// How much of it was expected already.
        var position = 0
        var exit: Program.Exit?
        var hasEnded = false
    }

    /// What is left of it all.
    public struct End: Sendable {
        public let exit: Program.Exit
        /// All that was shown.
        public let screen: String
    }

    /// What was expected did not come.
    public struct Unexpected: Error, CustomStringConvertible {
        public let expected: String
        public let screen: String
        public var description: String { "\"\(expected)\" did not come:\n\(screen)" }
    }

    private let control: Descriptor
    private let pid: pid_t
    private let state = Watched(State())

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - input: a file for standard input, instead of the terminal.
    ///   - output: a file for standard output, instead of the terminal.
    /// - Throws: ``Program/NotFound``; ``SystemFailure``.
    public init(
        _ program: Program, columns: UInt16 = 80, rows: UInt16 = 24, input: String? = nil,
        output: String? = nil
    ) throws {
        guard let path = Program.find(program.name) else { throw Program.NotFound(name: program.name) }
        var name = [CChar](repeating: 0, count: 256)
        control = Descriptor(
            owning: try spawning.withLock { _ in
                try checked("opening a pseudo-terminal") { support_open_terminal(&name, Int32(name.count)) }
            })
        let device = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // Held while the program runs: before it has opened the terminal, and after it has closed it,
        // there is still something to read from.
        let held = try Terminal.file(device, O_RDWR | O_NOCTTY)
        var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        try checked("sizing the terminal") { ioctl(held.raw, UInt(TIOCSWINSZ), &size) }
        let input = try input.map { try Terminal.file($0, O_RDONLY) }
        let output = try output.map { try Terminal.file($0, O_WRONLY | O_CREAT | O_APPEND) }
        let terminal = Int32(SUPPORT_TERMINAL)
        pid = try withExtendedLifetime((input, output)) {
            try ChildProcess.spawn(
                program, path, [input?.raw ?? terminal, output?.raw ?? terminal, terminal], device: device)
        }
        // Not `self`, which would then last as long as the program.
        let (pid, control, state) = (pid, control, state)
        Thread { Terminal.read(control, state) }.detach()
        let deadline = program.timeLimit.map { ContinuousClock.now + $0 }
        Thread { Terminal.awaitExit(pid, state, holding: held, until: deadline) }.detach()
    }

    deinit { signal(SIGKILL) }

    /// Types a text; `\u{3}` is Ctrl-C, `\u{4}` Ctrl-D, `\t` the tabulator.
    public func type(_ text: String) { type(Array(text.utf8)) }

    /// Types bytes that need not be text.
    public func type(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { writeSome(control.raw, $0) }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Waits until a text is shown, behind what was expected before.
    ///
    /// - Throws: ``Unexpected`` when the program ends without it, or after half a minute.
    public func expect(_ text: String) async throws {
        let wanted = Array(text.utf8)
        let found = await state.wait(limit: .seconds(30)) { state -> Bool? in
            let rest = state.shown[state.position...]
            for start in rest.indices where rest[start...].starts(with: wanted) {
                state.position = start + wanted.count
                return true
            }
            return state.hasEnded ? false : nil
        }
        if found != true { throw Unexpected(expected: text, screen: screen) }
    }

    /// Waits until it has ended.
    ///
    /// - Throws: ``Unexpected`` when it had to be killed at its time limit.
    public func wait() async throws -> End {
        let end = await state.wait { $0.hasEnded && $0.exit != nil ? $0 : nil }!
        if end.exit == .signal(SIGKILL) { throw Unexpected(expected: "the end", screen: screen) }
        return End(exit: end.exit!, screen: String(decoding: end.shown, as: UTF8.self))
    }

    /// All that was shown so far.
    public var screen: String { String(decoding: state.value.shown, as: UTF8.self) }

    /// Whether the terminal shows what is typed, and hands it over by lines.
    public var isEchoing: Bool {
        var settings = termios()
        return tcgetattr(control.raw, &settings) == 0
            && settings.c_lflag & tcflag_t(ECHO | ICANON) == tcflag_t(ECHO | ICANON)
    }

    /// Waits until ``isEchoing`` is that: the program may print its question a moment before or after.
    public func expectEcho(_ isOn: Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while isEchoing != isOn {
            if deadline <= .now { throw Unexpected(expected: "echo \(isOn ? "on" : "off")", screen: screen) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Sends a signal to the program, if it still runs.
    public func signal(_ number: Int32) {
        state.change { state in
            if state.exit == nil { _ = kill(pid, number) }
        }
    }

    // MARK: - On its own threads

    private static func read(_ control: Descriptor, _ state: Watched<State>) {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = readSome(control.raw, into: &chunk)
            if count < 0, errno == EINTR { continue }
            // Linux gives EIO once nobody has the terminal open.
            if count <= 0 { break }
            let received = chunk.prefix(count)
            state.change { $0.shown += received }
        }
        state.change { $0.hasEnded = true }
    }

    private static func awaitExit(
        _ pid: pid_t, _ state: Watched<State>, holding held: Descriptor,
        until deadline: ContinuousClock.Instant?
    ) {
        while true {
            // Under the lock, so that nobody signals a number that may be another process's by then.
            let hasEnded = state.change { state in
                var status: Int32 = 0
                guard waitpid(pid, &status, WNOHANG) == pid else { return false }
                let signal = status & 0x7F
                state.exit = signal == 0 ? .status(status >> 8 & 0xFF) : .signal(signal)
                return true
            }
            if hasEnded { break }
            if let deadline, deadline <= .now { kill(pid, SIGKILL) }
            usleep(5000)
        }
        held.close()
    }

    private static func file(_ path: String, _ flags: Int32) throws -> Descriptor {
        Descriptor(owning: try checked(path) { openFile(path, flags | O_CLOEXEC, 0o600) })
    }
}
