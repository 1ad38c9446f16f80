import Platform

/// Asks the person at the terminal for a secret, which is not shown.
///
/// The terminal is the process's own (`/dev/tty`), wherever its input and output go.
///
/// - Throws: `config` where there is no terminal, nobody answers before the deadline, or the person declines
///   with Ctrl-C or Ctrl-D.
public func prompt(for label: String, deadline: Deadline) throws(HelperError) -> Secret {
    let raw = retrying { open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC) }
    guard raw >= 0 else {
        throw HelperError(.config, "there is no terminal to ask for the \(quoted(label)) on")
    }
    let terminal = FileDescriptor(owning: raw)
    // A background job that touches the terminal's settings is stopped.
    guard tcgetpgrp(raw) == getpgrp() else {
        throw HelperError(.config, "cannot ask for the \(quoted(label)): this is a background job")
    }
    return try HiddenInput(terminal: terminal.raw, label: quoted(label), deadline: deadline).read()
}

/// A line typed at a terminal that does not show it.
///
/// The terminal is told to hand over every key as it is, so that there is no way to leave that would not
/// first put its settings back: Ctrl-C and Ctrl-D are keys like others, and signals wait until then.
struct HiddenInput {
    let terminal: Int32
    let label: String
    let deadline: Deadline

    func read() throws(HelperError) -> Secret {
        var settings = termios()
        guard tcgetattr(terminal, &settings) == 0 else {
            throw HelperError(.config, "cannot ask for the \(label): \(SystemError())")
        }
        var signals = sigset_t()
        var before = sigset_t()
        sigemptyset(&signals)
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP] { sigaddset(&signals, signal) }
        pthread_sigmask(SIG_BLOCK, &signals, &before)
        var hidden = settings
        hidden.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | ISIG | IEXTEN)
        hidden.c_iflag |= tcflag_t(ICRNL)
        tcsetattr(terminal, TCSAFLUSH, &hidden)
        write("\(label): ")
        defer {
            write("\n")
            tcsetattr(terminal, TCSADRAIN, &settings)
            // From here on a signal that has come does what it does.
            pthread_sigmask(SIG_SETMASK, &before, nil)
        }
        return try line(until: signals)
    }

    private func line(until signals: sigset_t) throws(HelperError) -> Secret {
        var line: [UInt8] = []
        var escape = Escape.none
        while true {
            guard !isPending(signals) else {
                throw HelperError(.config, "asking for the \(label) was interrupted")
            }
            guard !deadline.hasPassed else {
                throw HelperError(.config, "nobody answered when asked for the \(label)")
            }
            // Short, so that a signal that is held back does not wait long.
            guard waitUntilReadable(terminal, deadline.limited(to: 100)) else { continue }
            let keys = (try? readSome(terminal, atMost: 256)) ?? []
            if keys.isEmpty {
                throw HelperError(.config, "the terminal was closed while asking for the \(label)")
            }
            for key in keys where !escape.swallows(key) {
                switch key {
                case .newline, .carriageReturn:
                    guard let text = String(validating: line, as: UTF8.self) else {
                        throw HelperError(.config, "the \(label) that was typed is not UTF-8")
                    }
                    return Secret(text)
                case 3: throw declined()  // Ctrl-C
                case 4: if line.isEmpty { throw declined() }  // Ctrl-D
                case 8, 0x7F:  // Backspace
                    while let byte = line.popLast(), byte & 0xC0 == 0x80 {}
                case 21: line = []  // Ctrl-U
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

    private func declined() -> HelperError { HelperError(.config, "no \(label) was given") }

    private func isPending(_ signals: sigset_t) -> Bool {
        var pending = sigset_t()
        guard sigpending(&pending) == 0 else { return false }
        return [SIGHUP, SIGINT, SIGQUIT, SIGTERM].contains { sigismember(&pending, $0) == 1 }
    }

    private func write(_ text: String) { try? writeAll(terminal, Array(text.utf8)) }
}
