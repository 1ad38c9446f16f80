import Platform

/// What came of asking a secret's sources.
public enum SecretReading: Sendable {
    case secret(Secret, from: SecretSource)
    /// A person must be asked, outside any lock, for the key of that name; then the sources are read again
    /// with the answer.
    case needsPrompt(String)
}

/// Reads secrets from their sources, in order, until one has it.
public struct SecretReader: Sendable {
    let environment: Environment
    let deadline: Deadline
    let allowsInput: Bool
    let secretVariables: Set<String>
    let directories: Directories
    let isSilent: Bool

    /// - Parameters:
    ///   - deadline: when a command is ended that has not finished.
    ///   - allowsInput: whether a person may be asked, be it by a command.
    ///   - secretVariables: the variables that a command does not inherit.
    ///   - isSilent: whether a command's standard error goes nowhere, because the calling tool would take it for a
    ///     part of the answer.
    public init(
        environment: Environment, deadline: Deadline, allowsInput: Bool, secretVariables: Set<String>,
        directories: Directories, isSilent: Bool = false
    ) {
        self.environment = environment
        self.deadline = deadline
        self.allowsInput = allowsInput
        self.secretVariables = secretVariables
        self.directories = directories
        self.isSilent = isSilent
    }

    /// The secret from the first source that has it.
    ///
    /// - Parameters:
    ///   - key: the key in the config, for messages.
    ///   - prompt: what a person answered after an earlier reading said that one must be asked; the sources
    ///     before it, which had nothing, are not asked again.
    /// - Throws: `config`, naming every source and why it has nothing, or a file that others may read.
    public func read(
        _ sources: [SecretSource], for key: String, of profile: String, answered prompt: Secret?
    ) throws(HelperError) -> SecretReading {
        if let prompt, sources.contains(.prompt), !prompt.isEmpty { return .secret(prompt, from: .prompt) }
        var failures: [String] = []
        for source in sources {
            if source == .prompt, allowsInput, prompt == nil { return .needsPrompt(key) }
            do throws(Unavailable) {
                return .secret(try secret(from: source), from: source)
            } catch {
                if let refusal = error.refusal {
                    throw HelperError(
                        .config, "\(key) of \(Profile.title(of: profile)): \(source) \(error.reason)",
                        hint: refusal)
                }
                failures.append("\(source) \(error.reason)")
            }
        }
        if failures.isEmpty { failures = ["no source is given"] }
        throw HelperError(
            .config,
            "cannot get the \(key) of \(Profile.title(of: profile)): " + failures.joined(separator: "; "),
            hint: directories.remedy(for: sources, of: profile))
    }

    /// Why a source has no secret.
    public struct Unavailable: Error {
        /// To follow the source in a sentence.
        public var reason: String
        /// What to type where the source is not merely absent but unsafe, so that no other is tried.
        public var refusal: String? = nil
    }

    /// The secret from one source; never an empty one.
    ///
    /// - Throws: why it has none.
    public func secret(from source: SecretSource) throws(Unavailable) -> Secret {
        let text = try text(of: source)
        if text.isEmpty { throw Unavailable(reason: "is empty") }
        return Secret(text)
    }

    private func text(of source: SecretSource) throws(Unavailable) -> String {
        switch source {
        case .env(let name):
            guard let value = environment[name] else { throw Unavailable(reason: "is not set") }
            return value
        case .file(let path):
            guard let path = directories.expandingTilde(path) else {
                throw Unavailable(reason: "cannot be found: HOME is not set")
            }
            return try SecretFile.read(path)
        case .systemd(let name):
            guard let folder = environment.absolutePath("CREDENTIALS_DIRECTORY") else {
                throw Unavailable(reason: "is not there: CREDENTIALS_DIRECTORY is not set")
            }
            // systemd keeps others out of the folder, whatever the files' modes.
            return try SecretFile.read("\(folder)/\(name)", isPrivateFolder: true)
        case .command(let line):
            let command = SecretCommand(
                line: line, environment: environment.entries(without: secretVariables),
                hasOwnGroup: !allowsInput, isSilent: isSilent)
            return try command.run(deadline)
        case .prompt:
            throw Unavailable(
                reason: allowsInput ? "was answered with nothing" : "cannot be used: there is nobody to ask")
        case .plain(let secret):
            return secret.reveal()
        }
    }
}
