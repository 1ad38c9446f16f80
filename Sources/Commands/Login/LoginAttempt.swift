import Broker
import Callers
import Platform
import Profiles

/// One run of `login`.
struct LoginAttempt {
    let broker: Broker
    let context: Context
    let input: StandardInput
    let options: Options
    let dialogue: Dialogue?
    let secretFolder: SecretFolder?
    var draft: ProfileDraft
    /// Those to be kept in files.
    var secrets: [ConfigKey: Secret] = [:]
    /// Those that stay where they were found.
    var found: [ConfigKey: Secret] = [:]
    var dropped: [ConfigKey] = []
    /// Whether the person knows already where client credentials are made.
    var saidWhereFrom = false

    init(_ options: Options, _ call: Call) throws(HelperError) {
        broker = call.broker
        context = call.context
        input = call.input
        self.options = options
        let name = broker.profileName ?? "default"
        guard !name.isEmpty, !name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw HelperError(.usage, "\"\(quoted(name))\" is not a valid profile name")
        }
        let path = try broker.directories.configFileToWrite()
        secretFolder = SecretFolder(broker.directories, context.environment, for: path)
        // Whatever would be refused later is refused now.
        if access(path, F_OK) == 0 || broker.directories.namedConfigFile == nil {
            _ = try broker.configuration()
        }
        draft = try ProfileDraft(
            name: name, path: path, environment: context.environment, directories: broker.directories)
        dialogue = context.allowsInput ? Dialogue(context.environment) : nil
    }

    mutating func run() throws(HelperError) -> FreshLogin {
        try takeOptions()
        try chooseKind()
        var typed = try secretsToType()
        let given = options["--secret-stdin"] == nil ? [:] : try secretsFromStandardInput(for: typed)
        var triesLeft = 3
        while true {
            triesLeft -= 1
            try askForNames(typed.isEmpty || !given.isEmpty)
            secrets = given
            if given.isEmpty { try askForSecrets(typed) }
            let profile = try draft.profile()
            do throws(HelperError) {
                let login = try broker.logIn(with: profile, given: secrets.merging(found) { $1 })
                try keep(login)
                return login
            } catch {
                let mayBeTyping = error.code == .credentialsRejected || error.code == .config
                // A secret that was left where it is may be another one by now.
                let others = typed.isEmpty ? neededSecrets.filter { !isGiven($0) } : typed
                guard mayBeTyping, given.isEmpty, !others.isEmpty, triesLeft > 0, let dialogue else {
                    throw explained(error)
                }
                dialogue.say(error.message + ".")
                dialogue.say("Nothing was changed. Once more, or Ctrl-C:")
                if typed.isEmpty {
                    dialogue.say("What is typed now is kept in a private file.")
                    try keepHere(others)
                }
                typed = others
            }
        }
    }

    private func keep(_ login: FreshLogin) throws(HelperError) {
        try keepSecretsAndProfile()
        broker.keep(login)
    }

    /// Writes the secrets and then the profile, and undoes the first where the second fails.
    private func keepSecretsAndProfile() throws(HelperError) {
        // It is done as a whole: then Ctrl-C does what it does.
        let signals = HeldSignals()
        defer { withExtendedLifetime(signals) {} }
        var undo: [() -> Void] = []
        do throws(HelperError) {
            for (key, secret) in secrets {
                guard let secretFolder else { continue }
                let name = draft.name
                let path = secretFolder.path(of: key, in: name)
                let wasThere = access(path, F_OK) == 0
                let old = secretFolder.read(key, of: name)
                try secretFolder.write(secret, of: key, in: name)
                undo.append {
                    if let old {
                        try? secretFolder.write(old, of: key, in: name)
                    } else if !wasThere {
                        _ = try? secretFolder.remove(path)
                    }
                }
            }
            try draft.write()
        } catch {
            for step in undo { step() }
            throw error
        }
    }

    private func explained(_ error: HelperError) -> HelperError {
        guard error.hint == nil else { return error }
        var error = error
        switch error.code {
        case .credentialsRejected, .config:
            let what = needsUser ? "the user name and password" : "the client ID and secret"
            error.hint = "nothing was changed; check \(what)"
        case .temporaryFailure, .providerError:
            error.hint =
                "nothing was changed; this shows what requests are made with: "
                + broker.directories.commandLine("doctor", profile: nil)
        default: break
        }
        return error
    }
}
