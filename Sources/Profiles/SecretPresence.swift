import Platform

/// Whether a source seems to have a secret, told without running a command or asking a person.
public enum SecretPresence: Equatable, Sendable {
    case present
    /// A command would have to be run to know.
    case unknown
    /// Only a person has it.
    case withPerson
    /// Why there is none, to follow the source.
    case missing(String)
}

extension SecretSource {
    /// Whether the secret is there.
    public func presence(_ environment: Environment, _ directories: Directories) -> SecretPresence {
        switch self {
        case .command: return .unknown
        case .prompt: return .withPerson
        case .plain: return .present
        case .env, .file, .systemd: break
        }
        let reader = SecretReader(
            environment: environment, deadline: Deadline(in: 0), allowsInput: false, secretVariables: [],
            directories: directories)
        do throws(SecretReader.Unavailable) {
            _ = try reader.secret(from: self)
            return .present
        } catch {
            return .missing(error.reason)
        }
    }

    /// Reads a source as a command line names it.
    ///
    /// - Throws: `usage`, with no part of the value, which may be the secret itself.
    public static func check(_ text: String, option: String) throws(HelperError) {
        let source = try? SecretSource(text, resolvingPath: { $0 })
        if case .plain = source {
            throw HelperError(
                .usage, "\(option) takes no secret, which everybody on this machine could read there",
                hint: "leave it out to be asked, or give the secret on standard input with --secret-stdin")
        }
        guard source == nil else { return }
        throw HelperError(
            .usage,
            "\(option) must name where the secret is: env:NAME, file:PATH, command:LINE, systemd:NAME or prompt:",
            hint: "the secret itself is asked for, or read from standard input with --secret-stdin")
    }
}
