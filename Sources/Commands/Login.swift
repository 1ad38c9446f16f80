import Broker
import Callers
import Platform
import Profiles

/// `login`: makes a profile, or gives one other secrets, after one real request has shown that it works.
enum Login: Command {
    static let showsWaiting = true

    /// Whatever prints the secret may ask a person first, for a passphrase or a finger.
    static let inputTimeout: Milliseconds = 600_000

    static let name = "login"

    static let manual = Manual(
        summary: "make a profile or change its secret, after trying it",
        options: [
            .init("--provider", "butlr|oauth2", "who issues the tokens (default: butlr)"),
            .init(
                "--grant", "client-credentials|password",
                "how you log in: as a program, with an API token's client ID and secret (the default), or as a"
                    + " person, with a user name and password"),
            .init("--client-id", "ID", "the client's ID"),
            .init(
                "--client-secret", "SOURCE",
                "where the client secret is: env:NAME, file:PATH, command:LINE, systemd:NAME or prompt:"),
            .init("--username", "NAME", "the user's name"),
            .init("--password", "SOURCE", "where the password is, as for --client-secret"),
            .init(
                "--secret-stdin", nil,
                "read the client secret, or the password, from standard input; one line each where both are"
                    + " needed, the client secret first"),
            .init("--base-url", "URL", "where Butlr is (default: https://api.butlr.io)"),
            .init("--token-endpoint", "URL", "where another provider issues tokens"),
            .init(
                "--client-auth", "basic|post|none", "how the client proves who it is there (default: basic)"),
            .init("--scope", "WORDS", "the scope to ask for"),
            .init("--audience", "NAME", "the audience to ask for"),
            .init("--resource", "URI", "the resource to ask for; may be given several times"),
            .init("--param", "NAME=VALUE", "a further parameter of the request; several times"),
            .init(
                "--url", "URL",
                "a further URL that the token may be given to; several times; an empty one takes out those before"
            ),
            .init("--ca-file", "FILE", "certificates to trust instead of the system's"),
        ],
        details: [
            "Asks for what the options leave open, tries it with one request, and only then writes the profile"
                + " (--profile, or default) to the config file. If the request fails, nothing is changed. A"
                + " profile that is there keeps what is not given again, and its secret where only its URLs or"
                + " what it asks for change.",
            "Client credentials are made in the Butlr web app, \(Login.webApp).",
            "A secret that is typed, or comes on standard input, is kept in a file of its own that only you can"
                + " read. With --client-secret or --password it stays where it is.",
        ])

    static var webApp: String {
        "https://app.butlr.io: Account Settings, API tokens, Create token. The secret is shown only once"
    }

    static func answer(_ call: Call) throws(HelperError) -> Reply {
        let options = try Options(call.arguments, of: Self.self)
        guard options.operands.isEmpty else {
            // It may be a secret, so it is not repeated.
            throw HelperError(
                .usage, "login takes options only",
                hint: "a secret is asked for, or read from standard input with --secret-stdin")
        }
        var attempt = try LoginAttempt(options, call)
        let login = try attempt.run()
        return Reply(output: attempt.report(of: login))
    }
}

/// One run of `login`.
private struct LoginAttempt {
    private let broker: Broker
    private let context: Context
    private let input: StandardInput
    private let options: Options
    private let dialogue: Dialogue?
    private let secretFolder: SecretFolder?
    private var draft: ProfileDraft
    /// Those to be kept in files.
    private var secrets: [ConfigKey: Secret] = [:]
    /// Those that stay where they were found.
    private var found: [ConfigKey: Secret] = [:]
    private var dropped: [ConfigKey] = []
    /// Whether the person knows already where client credentials are made.
    private var saidWhereFrom = false

    init(_ options: Options, _ call: Call) throws(HelperError) {
        broker = call.broker
        context = call.context
        input = call.input
        self.options = options
        let name = broker.profileName ?? "default"
        guard !name.isEmpty, !name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw HelperError(.usage, "\"\(quoted(name))\" is no name for a profile")
        }
        let path = try broker.configFileToWrite()
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

    // MARK: What is to be said of the profile

    private mutating func takeOptions() throws(HelperError) {
        let keys: [(String, ConfigKey)] = [
            ("--provider", .provider), ("--grant", .grant), ("--client-id", .clientID),
            ("--username", .username), ("--base-url", .baseURL), ("--token-endpoint", .tokenEndpoint),
            ("--client-auth", .clientAuth), ("--scope", .scope), ("--audience", .audience),
            ("--ca-file", .caFile), ("--client-secret", .clientSecret), ("--password", .password),
        ]
        for (option, key) in keys {
            guard var value = options[option] else { continue }
            if key == .clientSecret || key == .password {
                try SecretSource.check(value, option: option)
                if value.hasPrefix("file:") { value = "file:" + absolute(String(value.dropFirst(5))) }
            }
            if key == .caFile { value = absolute(value) }
            if key == .baseURL || key == .tokenEndpoint { try check(value, of: key, option) }
            draft.set(key, value.isEmpty ? [] : [value], from: option)
        }
        for (option, key) in [("--resource", ConfigKey.resource), ("--param", .param)] {
            let values = options.values(of: option)
            if !values.isEmpty { draft.set(key, values.filter { !$0.isEmpty }, from: option) }
        }
        var urls = draft[.url]
        for url in options.values(of: "--url") {
            try check(url, of: .url, "--url")
            if url.isEmpty { urls = [] } else if !urls.contains(url) { urls.append(url) }
        }
        if options["--url"] != nil { draft.set(.url, urls, from: "--url") }
    }

    /// Refuses an address before anything is asked, for all answers would be lost.
    private func check(_ value: String, of key: ConfigKey, _ option: String) throws(HelperError) {
        guard !value.isEmpty, var fault = draft.fault(in: key, value, from: option) else { return }
        fault.code = .usage
        throw fault
    }

    /// Settles provider and grant, on which everything else depends.
    private mutating func chooseKind() throws(HelperError) {
        if draft.isNew, draft[.baseURL].isEmpty, draft[.tokenEndpoint].isEmpty,
            draft[.provider] != ["oauth2"],
            let url = context.environment.nonEmpty("BUTLR_BASE_URL")
        {
            draft.set(.baseURL, [url], from: "BUTLR_BASE_URL")
        }
        if draft[.provider].isEmpty {
            let provider: String
            if !draft[.tokenEndpoint].isEmpty {
                provider = "oauth2"
            } else if draft.isNew, draft[.baseURL].isEmpty, draft[.username].isEmpty, let dialogue {
                dialogue.say("The \(Profile.title(of: draft.name)) is kept in \(quoted(shown(draft.path))).")
                provider = try dialogue.choose(
                    "Provider", "Where do the tokens come from?",
                    among: [
                        ("butlr", "from Butlr"),
                        ("oauth2", "from another OAuth 2.0 provider, at the URL of its token endpoint"),
                    ], preset: "butlr")
            } else {
                provider = "butlr"
            }
            draft.set(.provider, [provider], from: "the provider")
        }
        if draft[.grant].isEmpty {
            let grant: String
            if !draft[.username].isEmpty {
                grant = "password"
            } else if draft.isNew, draft[.clientID].isEmpty || draft[.provider] == ["oauth2"], let dialogue {
                let credentials =
                    isButlr ? "an API token's client ID and secret" : "a client ID and its secret"
                grant = try dialogue.choose(
                    "Grant", "How do you log in \(isButlr ? "to Butlr" : "at the provider")?",
                    among: [
                        ("client-credentials", "as a program, with \(credentials)"),
                        ("password", "as a person, with a user name and password"),
                    ], preset: "client-credentials")
            } else {
                grant = "client-credentials"
            }
            draft.set(.grant, [grant], from: "the grant")
        }
        if !draft.isNew { dropped = draft.dropUnusable() }
    }

    private var isButlr: Bool { draft[.provider].last != "oauth2" }
    private var needsUser: Bool { draft[.grant].last == "password" }
    private var needsClient: Bool { !isButlr || !needsUser }

    private mutating func askForNames(_ onlyWhatIsMissing: Bool) throws(HelperError) {
        if !isButlr, draft[.tokenEndpoint].isEmpty {
            try askFor(.tokenEndpoint, "Token endpoint", option: "--token-endpoint", preset: nil)
        }
        if isButlr, needsClient, !onlyWhatIsMissing || draft[.clientID].isEmpty, !saidWhereFrom {
            saidWhereFrom = true
            dialogue?.say("Client credentials are made in the Butlr web app, \(Login.webApp).")
        }
        if needsClient { try askFor(.clientID, "Client ID", option: "--client-id", onlyWhatIsMissing) }
        if needsUser { try askFor(.username, "User name", option: "--username", onlyWhatIsMissing) }
    }

    /// Asks for a name that is missing; or that may have changed along with the secret, unless an option says
    /// it.
    private mutating func askFor(
        _ key: ConfigKey, _ question: String, option: String, _ onlyWhatIsMissing: Bool
    ) throws(HelperError) {
        let known = draft[key].last
        if known != nil, onlyWhatIsMissing || options[option] != nil || dialogue == nil { return }
        try askFor(key, question, option: option, preset: known)
    }

    private mutating func askFor(
        _ key: ConfigKey, _ question: String, option: String, preset: String?
    ) throws(HelperError) {
        guard let dialogue else { throw missing(option) }
        let draft = draft
        let answer = try dialogue.ask(question, preset: preset) {
            draft.fault(in: key, $0, from: key.name)?.message
        }
        self.draft.set(key, [answer], from: "the answer for \"\(question)\"")
    }

    private func missing(_ option: String) -> HelperError {
        HelperError(
            .usage, "login needs \(option)",
            hint: context.allowsInput
                ? "there is no terminal to ask on" : "or let it ask: call it without --no-input")
    }

    // MARK: Secrets

    private var neededSecrets: [ConfigKey] {
        (needsClient && draft[.clientAuth].last != "none" ? [.clientSecret] : [])
            + (needsUser ? [.password] : [])
    }

    /// Whether an option says where the secret is.
    private func isGiven(_ key: ConfigKey) -> Bool { options["--\(key.name)"] != nil }

    /// The keys of the secrets that are to be typed, or come on standard input, rather than be left where
    /// they are.
    private mutating func secretsToType() throws(HelperError) -> [ConfigKey] {
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
    private mutating func keepHere(_ keys: [ConfigKey]) throws(HelperError) {
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

    private func secretsFromStandardInput(
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

    private mutating func askForSecrets(_ keys: [ConfigKey]) throws(HelperError) {
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

    // MARK: What comes of it

    /// Writes the secrets, the profile and the token, and undoes the first where the second fails.
    private func keep(_ login: FreshLogin) throws(HelperError) {
        // From here on it is done as a whole: it takes milliseconds, and then Ctrl-C does what it does.
        let signals = HeldSignals()
        defer { withExtendedLifetime(signals) {} }
        var undo: [() -> Void] = []
        do throws(HelperError) {
            for (key, secret) in secrets {
                guard let secretFolder else { continue }
                let old = secretFolder.read(key, of: draft.name)
                let name = draft.name
                undo.append {
                    if let old {
                        try? secretFolder.write(old, of: key, in: name)
                    } else {
                        _ = try? secretFolder.remove(secretFolder.path(of: key, in: name))
                    }
                }
                try secretFolder.write(secret, of: key, in: draft.name)
            }
            try draft.write()
        } catch {
            for step in undo { step() }
            throw error
        }
        broker.keep(login)
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

    func report(of login: FreshLogin) -> String {
        let profile = login.profile
        let place = shown(draft.path)
        let lifetime = spoken(login.expires - login.issued)
        let subject = quoted(login.subject ?? profile.subject, limit: 80)
        var lines = [
            "Logged in to \(quoted(profile.server)) as \(subject).",
            "The token lives for \(lifetime).",
            "\(draft.isNew ? "Made" : "Changed") the \(profile.title) in \(quoted(place)).",
        ]
        if !dropped.isEmpty {
            lines.append(
                "Took out what it cannot use any more: \(dropped.map(\.name).joined(separator: ", ")).")
        }
        for key in [ConfigKey.clientSecret, .password] where secrets[key] != nil {
            let file = secretFolder.map { $0.abbreviated($0.path(of: key, in: profile.name)) } ?? ""
            lines.append("Its \(key.name) is in \(quoted(file)).")
        }
        // Whoever named no profile need not name one now.
        func command(_ words: String, _ arguments: String...) -> String {
            broker.directories.commandLine(words, profile: broker.profileName, arguments)
        }
        var rows = [
            (command("token"), "a token"),
            (broker.directories.commandLine("status", profile: nil), "what is kept, and until when"),
        ]
        if profile.urls.count == (profile.baseURL == nil ? 0 : 1) {
            rows.append((command("login", "--url", "URL"), "let tools use it for a server"))
        } else {
            rows.append((command("setup git"), "let git use it"))
            rows.append((command("setup kubectl"), "let kubectl use it"))
        }
        let layout = TextLayout(forOutputIn: context.environment)
        return lines.map { layout.paragraph($0) }.joined() + "\nNext:\n" + layout.commands(rows)
    }

    private func shown(_ path: String) -> String { secretFolder?.abbreviated(path) ?? path }
}

extension Broker {
    /// The config file that a new profile goes to: the one that was named, else the user's own.
    ///
    /// - Throws: `config` where there is none.
    func configFileToWrite() throws(HelperError) -> String {
        if let file = directories.namedConfigFile { return file }
        guard let folder = directories.configHome else {
            throw HelperError(
                .config, "there is no folder for the config: HOME is not set",
                hint: "\(exportHome), or name a file with --config")
        }
        return folder + "/config"
    }
}

/// A path on the command line as it must stand in a config, where a relative one would start elsewhere.
private func absolute(_ path: String) -> String {
    path.utf8.first == UInt8(ascii: "~") || path.isEmpty ? path : absolutePath(path)
}
