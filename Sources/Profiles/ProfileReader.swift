import Platform

/// Makes a profile of the lines that define it, and checks every one of them.
struct ProfileReader {
    /// One line of a profile, or a variable that stands for it.
    struct Setting {
        var key: ConfigKey
        /// `nil` where the line is the key alone.
        var value: String?
        /// Whether a comment follows the value on its line.
        var isCut = false
        var origin: Origin
    }

    let name: String
    let origin: Origin
    let settings: [Setting]
    /// The folder that relative paths start from.
    let folder: String
    /// The config file and its mode; `nil` for the environment.
    let file: (path: String, mode: mode_t)?
    let environment: Environment
    let directories: Directories

    /// - Throws: `config`.
    func read() throws(HelperError) -> Profile {
        let provider = try self.provider()
        let grant =
            try word(.grant, Grant.self) ?? (setting(.username) != nil ? .password : .clientCredentials)
        let request = provider.request(for: grant)
        for setting in settings {
            if let complaint = complaint(about: setting.key, provider, grant, request) {
                throw fault(setting, complaint)
            }
        }

        let endpoint = try tokenEndpoint(provider, request)
        let requestFormat = try word(.requestFormat, RequestFormat.self)
        let chosen = try word(.clientAuth, ClientAuthentication.self)
        let authentication = request.clientAuthentication ?? chosen ?? .basic
        if authentication == .none, provider.isGeneric, let setting = setting(.clientSecret) {
            throw fault(setting, "is not for client-auth = none, where no secret is sent")
        }

        var profile = Profile(
            name: name, provider: provider, grant: grant, tokenEndpoint: endpoint.text,
            refreshEndpoint: try refreshEndpoint(provider, grant, endpoint.text),
            requestFormat: provider.isGeneric ? requestFormat ?? request.format : request.format,
            refreshRequestFormat: requestFormat ?? provider.refreshFormat ?? request.format,
            clientAuthentication: authentication,
            clientID: try text(.clientID), clientSecret: try secret(.clientSecret),
            username: try text(.username), password: try secret(.password),
            scope: try scope(), audience: try text(.audience) ?? request.defaultAudience,
            resources: try resources(), parameters: try parameters(),
            responseFields: try responseFields(provider),
            renewAhead: try flag(.renewAhead) ?? true,
            tokenUse: try word(.tokenUse, TokenUse.self) ?? .accessToken,
            gitUsername: try text(.gitUsername), dockerUsername: try text(.dockerUsername),
            cargoToken: try word(.cargoToken, CargoToken.self) ?? .bare,
            minTTL: try duration(.minTTL), timeout: try timeout(), caFile: try caFile(), proxy: try proxy(),
            urls: try urls(), origin: origin)
        try checkComplete(profile, request)
        if let base = endpoint.base { profile.urls.insert(URLPattern(base), at: 0) }
        return profile
    }
}

// MARK: - Which key is for which profile

extension Provider {
    /// Whether the profile describes the provider, rather than this table.
    fileprivate var isGeneric: Bool { baseURL == nil }
}

extension ProfileReader {
    private func provider() throws(HelperError) -> Provider {
        guard let setting = setting(.provider) else {
            if let endpoint = self.setting(.tokenEndpoint) {
                throw fault(endpoint, "is for provider = oauth2; add that line to the profile")
            }
            return .butlr
        }
        let name = try text(of: setting)
        guard let provider = Provider.named(name) else {
            throw unknown(name, in: setting, among: Provider.names)
        }
        return provider
    }

    /// Why a key cannot be used here, `nil` where it can.
    func complaint(
        about key: ConfigKey, _ provider: Provider, _ grant: Grant, _ request: Provider.Request
    ) -> String? {
        func isFor(_ allowed: Bool, _ what: String) -> String? { allowed ? nil : "is for \(what)" }
        let here = "not for provider = \(provider.name) with grant = \(grant.rawValue)"
        func needs(_ field: Provider.Field, _ what: String) -> String? {
            request.fields.contains(field) ? nil : "is for \(what), \(here)"
        }
        switch key {
        case .baseURL: return isFor(!provider.isGeneric, "provider = butlr; give token-endpoint instead")
        case .tokenEndpoint: return isFor(provider.isGeneric, "provider = oauth2; butlr has base-url instead")
        case .clientAuth, .accessTokenField, .refreshTokenField, .idTokenField, .expiresInField:
            return isFor(provider.isGeneric, "provider = oauth2")
        case .requestFormat:
            return isFor(
                provider.isGeneric || setting(.refreshEndpoint) != nil,
                "provider = oauth2, or for the refresh request of a butlr profile with refresh-endpoint")
        case .refreshEndpoint, .refresh: return isFor(grant == .password, "grant = password")
        case .username, .password: return needs(field(key), "grant = password")
        case .clientID, .clientSecret, .audience, .scope, .resource, .param:
            return needs(field(key), "grant = client-credentials and for provider = oauth2")
        case .provider, .grant, .url, .renewAhead, .tokenUse, .gitUsername, .dockerUsername, .cargoToken,
            .minTTL, .timeout, .caFile, .proxy:
            return nil
        }
    }

    /// The part of a request that a key gives the value of.
    private func field(_ key: ConfigKey) -> Provider.Field {
        switch key {
        case .clientID: .clientID
        case .clientSecret: .clientSecret
        case .username: .username
        case .password: .password
        case .audience: .audience
        case .scope: .scope
        case .resource: .resources
        default: .parameters
        }
    }

    private func checkComplete(_ profile: Profile, _ request: Provider.Request) throws(HelperError) {
        func require(_ isThere: Bool, _ key: ConfigKey) throws(HelperError) {
            if isThere { return }
            throw HelperError(
                .config,
                "\(origin): \(Profile.title(of: name)) has no \(key.name), which "
                    + "provider = \(profile.provider.name) with grant = \(profile.grant.rawValue) needs",
                hint: directories.commandLine("login", profile: name))
        }
        if request.fields.contains(.username) {
            try require(profile.username != nil, .username)
            try require(!profile.password.isEmpty, .password)
        }
        if request.fields.contains(.clientID) {
            try require(profile.clientID != nil, .clientID)
            if profile.clientAuthentication != .none {
                try require(!profile.clientSecret.isEmpty, .clientSecret)
            }
        }
    }
}

// MARK: - Endpoints and URLs

extension ProfileReader {
    private struct Endpoint {
        var text: String
        var url: HTTPURL
    }

    /// The token endpoint and, where it lies below a base URL, that one.
    private func tokenEndpoint(
        _ provider: Provider, _ request: Provider.Request
    ) throws(HelperError) -> (text: String, base: HTTPURL?) {
        guard let path = request.path, let known = provider.baseURL else {
            guard let setting = setting(.tokenEndpoint) else {
                throw HelperError(
                    .config,
                    "\(origin): \(Profile.title(of: name)) has no token-endpoint, "
                        + "which provider = oauth2 needs",
                    hint: directories.commandLine("login", profile: name))
            }
            return (try endpoint(setting, allowsQuery: true).text, nil)
        }
        let setting = setting(.baseURL) ?? Setting(key: .baseURL, value: known, origin: origin)
        let endpoint = try endpoint(setting, allowsQuery: false)
        return (withoutTrailingSlashes(endpoint.text) + path, endpoint.url)
    }

    private func refreshEndpoint(
        _ provider: Provider, _ grant: Grant, _ tokenEndpoint: String
    ) throws(HelperError) -> String? {
        guard grant == .password else { return nil }
        let given = try setting(.refreshEndpoint).map { setting throws(HelperError) in
            try endpoint(setting, allowsQuery: true).text
        }
        let known = given ?? (provider.isGeneric ? tokenEndpoint : nil)
        let wanted = try flag(.refresh)
        if wanted == true, known == nil, let setting = setting(.refresh) {
            throw fault(
                setting, "is on, but no refresh-endpoint is given and provider = butlr has none of its own")
        }
        return wanted == false ? nil : known
    }

    /// An absolute URL that requests are sent to, its host as the DNS knows it.
    private func endpoint(
        _ setting: Setting, allowsQuery: Bool
    ) throws(HelperError) -> Endpoint {
        let text = try text(of: setting)
        do throws(URLFault) {
            let parts = try HTTPURL.Parts(text)
            if parts.userinfo != nil { throw .userinfo }
            if parts.fragment != nil { throw .fragment }
            if parts.query != nil, !allowsQuery { throw .query }
            let scheme = parts.scheme.lowercased()
            guard scheme == "https" || scheme == "http" else { throw .scheme }
            let url = try HTTPURL(text)
            let rest = String(parts.path) + (parts.query.map { "?" + String($0) } ?? "")
            guard rest.utf8.allSatisfy({ $0 < 0x80 }) else { throw .path }
            return Endpoint(text: url.origin + rest, url: url)
        } catch {
            throw fault(setting, error, about: text)
        }
    }

    private func urls() throws(HelperError) -> [URLPattern] {
        var urls: [URLPattern] = []
        for setting in settings(.url) {
            let text = try text(of: setting)
            do throws(URLFault) {
                urls.append(try URLPattern(text))
            } catch {
                throw fault(setting, error, about: text)
            }
        }
        return urls
    }

    private func proxy() throws(HelperError) -> String? {
        guard let setting = setting(.proxy) else { return nil }
        if setting.value?.isEmpty == true { return "" }
        let text = try text(of: setting)
        let schemes = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"]
        var rest = text[...]
        if let range = text.utf8.firstIndex(of: UInt8(ascii: ":")), text[range...].hasPrefix("://") {
            let scheme = text[..<range].lowercased()
            guard schemes.contains(scheme) else { throw unknown(scheme, in: setting, among: schemes) }
            rest = text[text.utf8.index(range, offsetBy: 3)...]
        }
        guard !rest.contains("@") else {
            throw fault(
                setting,
                "may not hold a user name or password; put such a proxy into the variable HTTPS_PROXY")
        }
        do throws(URLFault) {
            let url = try HTTPURL("https://" + rest)
            guard url.path == "/", !rest.contains(where: { $0 == "?" || $0 == "#" }) else { throw .path }
        } catch {
            throw fault(setting, "\"\(quoted(text))\" \(error.text)")
        }
        return text
    }

    /// What is wrong with a URL, and the command that gives it the scheme that it lacks.
    private func fault(_ setting: Setting, _ error: URLFault, about text: String) -> HelperError {
        var fault = fault(setting, error.complaint(about: text))
        if let meant = error.suggestedURL(for: text) {
            fault.hint = repair(setting, with: meant) ?? fault.hint
        }
        return fault
    }

    /// The command that puts the right value in the place of one that stands in a line or in a variable.
    private func repair(_ setting: Setting, with value: String) -> String? {
        // What the key holds, too, would be replaced there.
        guard let old = setting.value, setting.key.name.parts(separatedBy: old).count == 1 else { return nil }
        switch setting.origin {
        case .file(let path, let line):
            return ConfigRepair.replacing(old, with: value, line: line, in: path)
        case .variable(let name):
            guard let text = environment[name] else { return nil }
            let words = text.split(separator: " ").map { $0 == old ? value : String($0) }
            return "export \(name)=\(shellWord(words.joined(separator: " ")))"
        case .environment: return nil
        }
    }
}

// MARK: - Other values

extension ProfileReader {
    private func scope() throws(HelperError) -> [String] {
        guard let setting = setting(.scope) else { return [] }
        let text = try text(of: setting)
        // RFC 6749 §3.3.
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }) else {
            throw fault(setting, "may hold only visible ASCII, without \" and \\, separated by blanks")
        }
        return text.split(separator: " ").map(String.init)
    }

    private func resources() throws(HelperError) -> [String] {
        var resources: [String] = []
        for setting in settings(.resource) {
            let text = try text(of: setting)
            // RFC 8707 §2: an absolute URI without a fragment.
            let scheme = text.utf8.prefix { $0 != UInt8(ascii: ":") }
            guard scheme.count < text.utf8.count, scheme.first?.isLetter == true, !text.contains("#"),
                text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else { throw fault(setting, "\"\(quoted(text))\" is not an absolute URI without a fragment") }
            resources.append(text)
        }
        return resources
    }

    private func parameters() throws(HelperError) -> [Parameter] {
        var parameters: [Parameter] = []
        for setting in settings(.param) {
            let text = try text(of: setting)
            guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")), equals != text.startIndex else {
                throw fault(setting, "is not of the form NAME=VALUE")
            }
            let name = String(text[..<equals])
            guard !ProfileReader.takenParameters.contains(name) else {
                throw fault(setting, "may not set \"\(name)\", which is set from the profile's other keys")
            }
            parameters.append(
                Parameter(name: name, value: String(text[text.utf8.index(after: equals)...])))
        }
        return parameters
    }

    /// Each has its key, or is the helper's own business.
    private static let takenParameters = [
        "grant_type", "client_id", "client_secret", "username", "password", "scope", "audience", "resource",
        "refresh_token",
    ]

    private func responseFields(_ provider: Provider) throws(HelperError) -> ResponseFields {
        let known = provider.responseFields
        return ResponseFields(
            accessToken: try text(.accessTokenField) ?? known.accessToken,
            refreshToken: try text(.refreshTokenField) ?? known.refreshToken,
            idToken: try text(.idTokenField) ?? known.idToken,
            expiresIn: try text(.expiresInField) ?? known.expiresIn)
    }

    private func secret(_ key: ConfigKey) throws(HelperError) -> [SecretSource] {
        var sources: [SecretSource] = []
        for setting in settings(key) {
            func fault(_ complaint: String) -> HelperError {
                var error = self.fault(setting, complaint)
                // It asks for the secret, and has the line name where it is then.
                error.hint = directories.commandLine("login", profile: name)
                return error
            }
            guard let text = setting.value, !text.isEmpty else { throw fault("has no value") }
            do throws(SecretSource.Malformed) {
                sources.append(try SecretSource(text) { resolved($0) })
            } catch {
                throw fault(error.text)
            }
            guard case .plain = sources.last else { continue }
            if setting.isCut {
                throw fault("is cut off at a # or ; by git's syntax; put all of it in double quotes")
            }
            if let file, file.mode & 0o077 != 0 {
                throw HelperError(
                    .config, "\(setting.origin): \(key.name) holds a secret, but others may read this file",
                    hint: "chmod 600 \(shellWord(file.path))")
            }
        }
        return sources
    }

    private func timeout() throws(HelperError) -> Milliseconds? {
        var setting = setting(.timeout)
        if setting == nil, let value = environment.nonEmpty("BUTLR_TIMEOUT") {
            setting = Setting(key: .timeout, value: value, origin: .variable("BUTLR_TIMEOUT"))
        }
        guard let setting else { return nil }
        let seconds = try duration(of: setting)
        guard Profile.timeouts.contains(seconds) else { throw fault(setting, "must be from 1s to 10m") }
        return seconds * 1000
    }

    private func caFile() throws(HelperError) -> String? {
        if let path = try text(.caFile) { return resolved(path) }
        return environment.nonEmpty("BUTLR_CA_FILE").map { directories.expandingTilde($0) ?? $0 }
    }

    private func resolved(_ path: String) -> String {
        // Without a home folder the path stays as it is, and is not to be had when it is wanted.
        directories.expandingTilde(path).map { Profiles.path($0, in: folder) } ?? path
    }
}

// MARK: - Kinds of values

extension ProfileReader {
    /// The last line with that key: as in git, it wins.
    private func setting(_ key: ConfigKey) -> Setting? {
        // By index: whoever goes through the settings themselves copies each.
        guard let index = settings.indices.last(where: { settings[$0].key == key }) else { return nil }
        return settings[index]
    }

    /// All lines with that key, in order.
    private func settings(_ key: ConfigKey) -> [Setting] {
        settings.indices.filter { settings[$0].key == key }.map { settings[$0] }
    }

    private func text(_ key: ConfigKey) throws(HelperError) -> String? {
        guard let setting = setting(key) else { return nil }
        return try text(of: setting)
    }

    /// A text that is there and fits on a line.
    private func text(of setting: Setting) throws(HelperError) -> String {
        guard let value = setting.value, !value.isEmpty else { throw fault(setting, "has no value") }
        guard !value.utf8.contains(where: { $0 < .space || $0 == 0x7F }) else {
            throw fault(setting, "holds a control character")
        }
        return value
    }

    private func word<Word: RawRepresentable<String> & CaseIterable>(
        _ key: ConfigKey, _: Word.Type
    ) throws(HelperError) -> Word? {
        guard let setting = setting(key) else { return nil }
        let text = try text(of: setting)
        guard let word = Word(rawValue: text) else {
            throw unknown(text, in: setting, among: Word.allCases.map(\.rawValue))
        }
        return word
    }

    /// git's booleans (`git-config(1)`, "Values").
    private func flag(_ key: ConfigKey) throws(HelperError) -> Bool? {
        guard let setting = setting(key) else { return nil }
        guard let value = setting.value else { return true }
        switch value.lowercased() {
        case "on", "true", "yes", "1": return true
        case "off", "false", "no", "0", "": return false
        default: throw unknown(value, in: setting, among: ["on", "off"])
        }
    }

    private func duration(_ key: ConfigKey) throws(HelperError) -> Int64? {
        guard let setting = setting(key) else { return nil }
        return try duration(of: setting)
    }

    private func duration(of setting: Setting) throws(HelperError) -> Int64 {
        let text = try text(of: setting)
        guard let seconds = parseDuration(text) else {
            throw fault(setting, "\"\(quoted(text))\" is not a duration such as 90, 90s, 5m or 2h")
        }
        return seconds
    }

    private func unknown(_ word: String, in setting: Setting, among known: [String]) -> HelperError {
        let list = known.dropLast().joined(separator: ", ") + " or " + known.last!
        let nearest = nearestWord(to: word, among: known)
        var error = fault(
            setting, "\"\(quoted(word, limit: 60))\" is none of \(list)" + suggestion(nearest))
        if let nearest, case .file(let path, _) = setting.origin {
            error.hint = ConfigRepair.setting(setting.key.name, of: name, in: path, to: nearest)
        }
        return error
    }

    private func fault(_ setting: Setting, _ complaint: String) -> HelperError {
        // A variable is named like its key.
        let key = if case .variable = setting.origin { "" } else { "\(setting.key.name) " }
        let colon =
            complaint.utf8.first == UInt8(ascii: "\"") && !key.isEmpty ? key.dropLast() + ": " : key[...]
        let hint: String? =
            switch setting.origin {
            case .file(let path, let line): ConfigRepair.editing(line: line, in: path)
            // An option is named so, too.
            case .variable(let name): environment[name] == nil ? nil : "export \(name)=…"
            case .environment: nil
            }
        return HelperError(.config, "\(setting.origin): \(colon)\(complaint)", hint: hint)
    }
}
