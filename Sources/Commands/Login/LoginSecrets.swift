import Callers
import Platform
import Profiles

/// Where the secrets come from: a source that an option or the profile names, standard input, or a person.
extension LoginAttempt {
    var neededSecrets: [ConfigKey] {
        (needsClient && draft[.clientAuth].last != "none" ? [.clientSecret] : [])
            + (needsUser ? [.password] : [])
    }

    /// Whether an option says where the secret is.
    func isGiven(_ key: ConfigKey) -> Bool { options["--\(key.name)"] != nil }

    /// The keys of the secrets that are to be typed, or come on standard input, rather than be left where
    /// they are.
    mutating func secretsToType() throws(HelperError) -> [ConfigKey] {
        let comesOnInput = options["--secret-stdin"] != nil
        var typed: [ConfigKey] = []
        for key in neededSecrets where !isGiven(key) {
            if try isToBeTyped(key, comesOnInput) { typed.append(key) }
        }
        if comesOnInput, typed.isEmpty {
            typed = neededSecrets.filter { !isGiven($0) }.suffix(1)
            guard !typed.isEmpty else {
                throw HelperError(.usage, "--secret-stdin is given, but no secret is wanted there")
            }
        }
        guard let key = typed.first else { return [] }
        guard dialogue != nil || comesOnInput else {
            throw missing("--secret-stdin or --\(key.name)")
        }
        try keepHere(typed)
        return typed
    }

    private mutating func isToBeTyped(_ key: ConfigKey, _ comesOnInput: Bool) throws(HelperError) -> Bool {
        if draft[key].isEmpty { return true }
        if isKeptHere(key) {
            // After a logout it is gone.
            return comesOnInput || dialogue != nil && !keepsAccount
                || secretFolder?.read(key, of: draft.name) == nil
        }
        guard let profile = try? draft.profile() else {
            // What the profile says of the secret may be all that is wrong with it.
            var mended = draft
            mended.set(key, ["prompt:"], from: "")
            return (try? mended.profile()) != nil
        }
        guard !comesOnInput, let dialogue else { return false }
        do throws(HelperError) {
            found[key] = try broker.secret(key, of: profile)
            return false
        } catch {
            guard error.code == .config else { throw error }
            dialogue.say(error.message + ". Type it to have it kept in a private file, or press Ctrl-C:")
            return true
        }
    }

    /// Has the profile take secrets from the files that `login` keeps them in.
    mutating func keepHere(_ keys: [ConfigKey]) throws(HelperError) {
        for key in keys {
            guard let secretFolder else {
                throw HelperError(
                    .config, "there is no folder to keep the \(key.name) in: HOME is not set",
                    hint: "\(exportHome), or say where it is, for instance with --\(key.name) env:NAME")
            }
            draft.set(key, [secretFolder.source(of: key, in: draft.name)], from: "the \(key.name)")
            found[key] = nil
        }
    }

    /// Whether the options change only what the profile's token is for, not whose it is.
    private var keepsAccount: Bool {
        let uses = ["--url", "--scope", "--audience", "--resource", "--param", "--ca-file"]
        return !options.names.isEmpty && options.names.allSatisfy(uses.contains)
    }

    /// Whether the profile's secret is in the file that `login` keeps it in.
    private func isKeptHere(_ key: ConfigKey) -> Bool {
        guard let secretFolder else { return false }
        let sources = [
            secretFolder.source(of: key, in: draft.name),
            "file:" + secretFolder.path(of: key, in: draft.name),
        ]
        return draft[key].count == 1 && sources.contains(draft[key][0])
    }

    func secretsFromStandardInput(
        for keys: [ConfigKey]
    ) throws(HelperError) -> [ConfigKey: Secret] {
        guard isatty(STDIN_FILENO) == 0 else {
            throw HelperError(
                .usage, "--secret-stdin: standard input is a terminal, which would show the secret",
                hint: "leave the option out to be asked")
        }
        var input = try input.readToEnd()
        defer { input.wipe() }
        if input.last == 0x0A { input.removeLast() }
        let lines = input.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
            line.last == 0x0D ? line.dropLast() : line
        }
        let names = keys.map(\.name).joined(separator: " and ")
        guard input.count <= 65_536, lines.count == keys.count, !lines.contains(where: \.isEmpty) else {
            throw HelperError(
                .badRequest,
                "standard input must hold the \(names), \(keys.count == 1 ? "one line" : "a line each")")
        }
        var secrets: [ConfigKey: Secret] = [:]
        for (key, line) in zip(keys, lines) {
            guard let text = String(validUTF8: line) else {
                throw HelperError(.badRequest, "the \(key.name) on standard input is not UTF-8")
            }
            secrets[key] = Secret(text)
        }
        return secrets
    }

    mutating func askForSecrets(_ keys: [ConfigKey]) throws(HelperError) {
        guard let dialogue else { return }
        for key in keys {
            if key == .password {
                secrets[key] = try dialogue.askSecretly("Password (not shown)")
                continue
            }
            // A public client has none.
            let mayBeNone = !isButlr && options["--client-auth"] == nil && draft.isNew
            let secret = try dialogue.askSecretly(
                "Client secret (not shown\(mayBeNone ? "; empty for none" : ""))", isRequired: !mayBeNone)
            if secret.isEmpty {
                draft.set(.clientSecret, [], from: "")
                draft.set(.clientAuth, ["none"], from: "the client secret")
            } else {
                secrets[key] = secret
            }
        }
    }
}
