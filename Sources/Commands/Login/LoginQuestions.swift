import Callers
import Platform
import Profiles

/// What is to be said of the profile: by options, by what is there already, or by a person who is asked.
extension LoginAttempt {
    mutating func takeOptions() throws(HelperError) {
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
    mutating func chooseKind() throws(HelperError) {
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

    var isButlr: Bool { draft[.provider].last != "oauth2" }
    var needsUser: Bool { draft[.grant].last == "password" }
    var needsClient: Bool { !isButlr || !needsUser }

    mutating func askForNames(_ onlyWhatIsMissing: Bool) throws(HelperError) {
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

    func missing(_ option: String) -> HelperError {
        HelperError(
            .usage, "login needs \(option)",
            hint: context.allowsInput
                ? "there is no terminal to ask on" : "or let it ask: call it without --no-input")
    }
}

/// A path on the command line as it must stand in a config, where a relative one would start elsewhere.
private func absolute(_ path: String) -> String {
    path.utf8.first == UInt8(ascii: "~") || path.isEmpty ? path : absolutePath(path)
}
