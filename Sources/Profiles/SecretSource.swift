import Platform

/// Where a secret comes from.
public enum SecretSource: Sendable, Hashable {
    /// An environment variable.
    case env(String)
    /// A file, by its path.
    case file(String)
    /// The first line that a shell command prints.
    case command(String)
    /// A file in `$CREDENTIALS_DIRECTORY` (`systemd.exec(5)`, "Credentials").
    case systemd(String)
    /// The person at the terminal.
    case prompt
    /// The config file itself.
    case plain(Secret)
}

extension SecretSource: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The source without anything that may be secret, as a command line may.
    public var description: String {
        switch self {
        case .env(let name): "env:\(name)"
        case .file(let path): "file:\(quoted(path))"
        case .command: "command:…"
        case .systemd(let name): "systemd:\(quoted(name))"
        case .prompt: "prompt:"
        case .plain: "plain:…"
        }
    }

    public var debugDescription: String { description }

    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Text that differs where the source does, without showing a command line.
    var fingerprint: String {
        guard case .command(let line) = self else { return description }
        return "command:" + hexadecimal(sha256(Array(line.utf8)).prefix(8))
    }
}

extension SecretSource {
    /// The words before the colon.
    static let kinds = ["env", "file", "command", "systemd", "prompt", "plain"]

    /// Reads a source as the config names it.
    ///
    /// - Parameter resolve: makes a path absolute.
    /// - Throws: what is wrong with it, to follow the key; no part of the value is in it, which may be the
    ///   secret itself.
    init(_ text: String, resolvingPath resolve: (String) -> String) throws(Malformed) {
        let known = "env:, file:, command:, systemd:, prompt: or plain:"
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else {
            throw Malformed(text: "must name where the secret is, with one of \(known)")
        }
        let kind = String(text[..<colon])
        let rest = String(text[text.utf8.index(after: colon)...])
        switch kind {
        case "prompt":
            guard rest.isEmpty else { throw Malformed(text: "has something after \"prompt:\"") }
            self = .prompt
            return
        case _ where !SecretSource.kinds.contains(kind):
            let near = nearestWord(to: kind, among: SecretSource.kinds).map { "\($0):" }
            throw Malformed(
                text: "must name where the secret is, with one of \(known)\(suggestion(near))")
        case _ where rest.isEmpty:
            throw Malformed(text: "has nothing after \"\(kind):\"")
        case "env":
            guard rest.utf8.allSatisfy({ $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }),
                rest.utf8.first?.isDigit == false
            else { throw Malformed(text: "names no valid environment variable after \"env:\"") }
            self = .env(rest)
        case "file": self = .file(resolve(rest))
        case "command": self = .command(rest)
        case "systemd":
            guard !rest.contains("/"), rest != ".", rest != ".." else {
                throw Malformed(text: "names no credential after \"systemd:\": a name has no slash")
            }
            self = .systemd(rest)
        default: self = .plain(Secret(rest))
        }
    }

    struct Malformed: Error { var text: String }
}
