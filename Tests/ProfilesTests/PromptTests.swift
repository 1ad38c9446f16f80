import Platform
import Testing

@testable import Profiles

@Suite struct PromptTests {
    @Test(arguments: [
        ("secret\r", "secret"), ("secret\n", "secret"), ("\r", ""), ("gé ß\r", "gé ß"),
        ("sex\u{7F}cret\r", "secret"), ("sé\u{8}ecret\r", "secret"), ("\u{7F}\u{7F}x\r", "x"),
        ("wrong\u{15}secret\r", "secret"), ("a\u{1B}[Db\u{1B}[1;5Cc\u{1B}OAd\r", "abcd"),
        ("a\u{1}\u{19}b\r", "ab"),
        ("a\u{4}b\r", "ab"), ("a\tb\r", "a\tb"),
    ])
    func readsALineWithoutShowingIt(keys: String, expected: String) throws {
        let terminal = try PseudoTerminal()
        let outcome = terminal.prompt(typing: keys)
        #expect(outcome.secret == expected)
        #expect(outcome.shown == "client-secret: \r\n")
        #expect(outcome.isRestored)
    }

    @Test func canBeDeclined() throws {
        let outcome = try PseudoTerminal().prompt(typing: "\u{4}")
        #expect(outcome.error?.code == .config)
        #expect(outcome.error?.message == "no client-secret was given")
        #expect(outcome.shown == "client-secret: \r\n")
        #expect(outcome.isRestored)
    }

    @Test(arguments: [("secret\u{3}", SIGINT), ("s\u{1A}", SIGTSTP), ("\u{1C}", SIGQUIT)])
    func keysThatStandForASignalEndIt(keys: String, signal: Int32) throws {
        let outcome = try PseudoTerminal().prompt(typing: keys)
        #expect(outcome.signal == signal)
        #expect(outcome.secret == nil && outcome.error == nil)
        #expect(outcome.shown == "client-secret: \r\n")
        #expect(outcome.isRestored)
    }

    @Test func endsAtTheDeadline() throws {
        let outcome = try PseudoTerminal().prompt(typing: "secr", deadline: 400)
        #expect(outcome.error?.message == "nobody answered when asked for the client-secret")
        #expect(outcome.isRestored)
    }

    @Test func aSignalRestoresTheTerminalFirst() throws {
        // Otherwise it would end the tests once it is let through.
        let handler = signal(SIGHUP, SIG_IGN)
        defer { signal(SIGHUP, handler) }
        let outcome = try PseudoTerminal().prompt(typing: "secr", signal: SIGHUP)
        #expect(outcome.signal == SIGHUP)
        #expect(outcome.isRestored)
    }

    @Test func whatIsNoTerminalCannotAsk() throws {
        let file = try FileDescriptor(opening: "/dev/null", O_RDWR)
        let input = HiddenInput(terminal: file.raw, label: "password", deadline: Deadline(in: 1000))
        #expect(failure { () throws(HelperError) in try input.read() }?.code == .config)
    }
}

/// A terminal whose person is the test.
private final class PseudoTerminal: @unchecked Sendable {
    struct Outcome {
        var secret: String?
        /// What ended it instead.
        var signal: Int32?
        var error: HelperError?
        /// What the person sees.
        var shown: String
        /// Whether the terminal's settings are again what they were.
        var isRestored: Bool
    }

    private let person: Int32
    private let terminal: Int32

    init() throws {
        var ends: (Int32, Int32) = (-1, -1)
        try #require(openpty(&ends.0, &ends.1, nil, nil, nil) == 0)
        (person, terminal) = ends
    }

    deinit {
        close(person)
        close(terminal)
    }

    /// Types once the question is there: what was typed before is thrown away.
    func prompt(typing keys: String, deadline: Milliseconds = 30_000, signal: Int32? = nil) -> Outcome {
        let before = settings()
        let input = HiddenInput(
            terminal: terminal, label: "client-secret", deadline: Deadline(in: deadline))
        let reader = Reader(input)
        var shown: [UInt8] = []
        while !shown.contains(UInt8(ascii: " ")) { shown += (try? readSome(person, atMost: 256)) ?? [] }
        try? writeAll(person, Array(keys.utf8))
        if let signal { pthread_kill(reader.thread, signal) }
        let result = reader.result()
        while waitUntilReadable(person, Deadline(in: 20)) {
            shown += (try? readSome(person, atMost: 256)) ?? []
        }
        var outcome = Outcome(
            shown: String(decoding: shown, as: UTF8.self), isRestored: settings() == before)
        switch result {
        case .success(.line(let secret)): outcome.secret = secret.reveal()
        case .success(.interrupted(let signal, _)): outcome.signal = signal
        case .failure(let error): outcome.error = error
        }
        return outcome
    }

    private func settings() -> [UInt64] {
        var settings = termios()
        tcgetattr(terminal, &settings)
        return [settings.c_iflag, settings.c_oflag, settings.c_cflag, settings.c_lflag].map { UInt64($0) }
    }
}

/// Reads on a thread of its own, which signals can be sent to.
private final class Reader: @unchecked Sendable {
    private final class Work {
        let input: HiddenInput
        var result: Result<HiddenInput.Outcome, HelperError>?
        init(_ input: HiddenInput) { self.input = input }
    }

    private let work: Work
    private(set) var thread = pthread_t()

    init(_ input: HiddenInput) {
        work = Work(input)
        pthread_create(
            &thread, nil,
            { argument in
                let work = Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue()
                do throws(HelperError) {
                    work.result = .success(try work.input.read())
                } catch {
                    work.result = .failure(error)
                }
                return nil
            }, Unmanaged.passRetained(work).toOpaque())
    }

    func result() -> Result<HiddenInput.Outcome, HelperError> {
        pthread_join(thread, nil)
        return work.result!
    }
}
