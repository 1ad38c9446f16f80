import Platform

/// Asks the person at the terminal for a secret, which is not shown.
///
/// The terminal is the process's own (`/dev/tty`), wherever its input and output go.
///
/// Ctrl-C, Ctrl-\ and Ctrl-Z do what they always do, to the caller too, once the terminal's settings are back; after a
/// stop the question is asked again.
///
/// - Parameters:
///   - label: what is asked for, in a sentence.
///   - question: what is shown instead of the label.
/// - Throws: `config` where there is no terminal, nobody answers before the deadline, or the person declines
///   with Ctrl-D.
public func prompt(
    for label: String, asking question: String? = nil, deadline: Deadline
) throws(HelperError) -> Secret {
    let raw = retrying { open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) }
    guard raw >= 0 else {
        throw HelperError(.config, "there is no terminal to ask for the \(quoted(label)) on")
    }
    let terminal = FileDescriptor(owning: raw)
    // A background job that touches the terminal's settings is stopped.
    guard tcgetpgrp(raw) == getpgrp() else {
        throw HelperError(.config, "cannot ask for the \(quoted(label)): this is a background job")
    }
    while true {
        let input = HiddenInput(
            terminal: terminal.raw, label: quoted(label), question: question, deadline: deadline)
        switch try input.read() {
        case .line(let secret): return secret
        case .interrupted(let signal, let isKey):
            // A key's signal goes to every process in the terminal's foreground.
            if isKey { kill(0, signal) }
            if signal == SIGTSTP { continue }
            throw HelperError(.config, "asking for the \(quoted(label)) was interrupted")
        }
    }
}

/// Asks the person at the terminal for one of a profile's secrets.
///
/// - Throws: as ``prompt(for:asking:deadline:)`` does, with how the secret can be given elsewhere.
public func prompt(
    for key: String, of profile: Profile, _ directories: Directories, deadline: Deadline
) throws(HelperError) -> Secret {
    do throws(HelperError) {
        return try prompt(for: "\(key) of \(profile.title)", deadline: deadline)
    } catch {
        var error = error
        error.hint = "on a terminal: " + directories.remedy(for: [.prompt], of: profile.name)
        throw error
    }
}

/// A line typed at a terminal that does not show it.
///
/// The terminal is told to hand over every key as it is, so that there is no way to leave that would not
/// first put its settings back: Ctrl-C and Ctrl-Z are keys like others, and signals wait until then.
struct HiddenInput {
    enum Outcome {
        case line(Secret)
        /// A signal ended the reading: one that has come meanwhile, or one that a key stands for and that is yet to
        /// be sent.
        case interrupted(Int32, isKey: Bool)
    }

    let terminal: Int32
    let label: String
    var question: String? = nil
    let deadline: Deadline

    func read() throws(HelperError) -> Outcome {
        var settings = termios()
        guard tcgetattr(terminal, &settings) == 0 else {
            throw HelperError(.config, "cannot ask for the \(label): \(SystemError())")
        }
        let signals = HeldSignals()
        var hidden = settings
        hidden.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | ISIG | IEXTEN)
        hidden.c_iflag |= tcflag_t(ICRNL)
        defer {
            tcsetattr(terminal, TCSADRAIN, &settings)
            // From here on a signal that has come does what it does.
            withExtendedLifetime(signals) {}
        }
        // It succeeds also where only a part is done.
        guard tcsetattr(terminal, TCSAFLUSH, &hidden) == 0, tcgetattr(terminal, &hidden) == 0,
            hidden.c_lflag & tcflag_t(ECHO | ICANON) == 0
        else { throw HelperError(.config, "cannot ask for the \(label): the terminal would show it") }
        write("\(question ?? label): ")
        defer { write("\n") }
        return try line()
    }

    private func line() throws(HelperError) -> Outcome {
        var line: [UInt8] = []
        // Longer than secrets are: a list that grows leaves what it held behind.
        line.reserveCapacity(4096)
        defer { line.wipe() }
        var escape = Escape.none
        while true {
            if let signal = HeldSignals.pending { return .interrupted(signal, isKey: false) }
            guard !deadline.hasPassed else {
                throw HelperError(.config, "nobody answered when asked for the \(label)")
            }
            // Short, so that a signal that is held back does not wait long.
            guard waitUntilReadable(terminal, deadline.limited(to: 100)) else { continue }
            var keys = (try? readSome(terminal, atMost: 256)) ?? []
            defer { keys.wipe() }
            if keys.isEmpty {
                throw HelperError(.config, "the terminal was closed while asking for the \(label)")
            }
            for key in keys where !escape.swallows(key) {
                switch key {
                case .newline, .carriageReturn:
                    guard let text = String(validUTF8: line) else {
                        throw HelperError(.config, "the \(label) that was typed is not UTF-8")
                    }
                    return .line(Secret(text))
                case 3: return .interrupted(SIGINT, isKey: true)  // Ctrl-C
                case 26: return .interrupted(SIGTSTP, isKey: true)  // Ctrl-Z
                case 28: return .interrupted(SIGQUIT, isKey: true)  // Ctrl-\
                case 4:  // Ctrl-D
                    if line.isEmpty { throw HelperError(.config, "no \(label) was given") }
                case 8, 0x7F:  // Backspace
                    while let byte = line.popLast(), byte & 0xC0 == 0x80 {}
                case 21: line.removeAll(keepingCapacity: true)  // Ctrl-U
                case 27: escape = .begun
                case .tab: line.append(key)
                case 0..<0x20: break
                default: line.append(key)
                }
            }
        }
    }

    /// The sequences that arrow keys and the like send, ECMA-48 §5.4: not part of any secret.
    private enum Escape {
        case none, begun, sequence

        mutating func swallows(_ key: UInt8) -> Bool {
            switch self {
            case .none: return false
            case .begun:
                self = key == UInt8(ascii: "[") || key == UInt8(ascii: "O") ? .sequence : .none
                return self == .sequence || key >= 0x20
            case .sequence:
                if (0x40...0x7E).contains(key) { self = .none }
                return key >= 0x20
            }
        }
    }

    private func write(_ text: String) { try? writeAll(terminal, Array(text.utf8)) }
}
