import Platform

/// A profile that is being put together: what a config file says of it, and what is to be said instead.
///
/// Nothing is written: ``profile()`` checks it as if it stood in the file.
public struct ProfileDraft {
    public let name: String
    /// The config file that it stands in, or is to.
    public let path: String
    /// Whether the file defines it already.
    public let isNew: Bool
    private var settings: [ProfileReader.Setting]
    private var changes: [ConfigKey: [String]] = [:]
    private let environment: Environment
    private let directories: Directories

    /// - Throws: `config` where the file cannot be read or is not in git's syntax.
    public init(
        name: String, path: String, environment: Environment, directories: Directories
    ) throws(HelperError) {
        self.name = name
        self.path = path
        self.environment = environment
        self.directories = directories
        let known = try ConfigEditor(reading: path).settings(of: name, in: path)
        isNew = known == nil
        settings = known ?? []
    }

    /// The values of a key, in order.
    public subscript(key: ConfigKey) -> [String] {
        settings.filter { $0.key == key }.compactMap(\.value)
    }

    /// Gives a key these values.
    ///
    /// - Parameter origin: where they come from, as an error about them is to call it.
    public mutating func set(_ key: ConfigKey, _ values: [String], from origin: String) {
        settings.removeAll { $0.key == key }
        settings += values.map {
            ProfileReader.Setting(key: key, value: $0, origin: .variable(origin))
        }
        changes[key] = values
    }

    /// Takes out what the profile had for another provider or grant and cannot use any more.
    ///
    /// - Returns: the keys that were taken out.
    public mutating func dropUnusable() -> [ConfigKey] {
        var provider = Provider.butlr
        if let name = self[.provider].last, let known = Provider.named(name) {
            provider = known
        }
        let grant =
            self[.grant].last.flatMap(Grant.init)
            ?? (self[.username].isEmpty ? .clientCredentials : .password)
        let request = provider.request(for: grant)
        var dropped: [ConfigKey] = []
        for setting in settings where changes[setting.key] == nil {
            guard reader.complaint(about: setting.key, provider, grant, request) != nil else { continue }
            if !dropped.contains(setting.key) { dropped.append(setting.key) }
        }
        for key in dropped { set(key, [], from: "") }
        return dropped
    }

    /// The profile, checked as any other.
    ///
    /// - Throws: `config`.
    public func profile() throws(HelperError) -> Profile { try reader.read() }

    /// Writes the changes to the file.
    ///
    /// - Throws: what ``ConfigEditor/edit(_:_:)`` does; `config` where somebody has changed the profile
    ///   meanwhile so that it would not be the one that was checked.
    public func write() throws(HelperError) {
        try ConfigEditor.edit(path) { editor throws(HelperError) in
            for key in ConfigKey.allCases {
                if let values = changes[key] { try editor.set(key, values, in: name) }
            }
            let written = try editor.settings(of: name, in: path) ?? []
            for key in ConfigKey.allCases {
                guard
                    written.filter({ $0.key == key }).map(\.value)
                        == settings.filter({ $0.key == key }).map(\.value)
                else {
                    throw HelperError(
                        .config, "the \(Profile.title(of: name)) in \(quoted(path)) was changed meanwhile",
                        hint: "call again")
                }
            }
        }
    }

    /// What is wrong with a value of a key, whatever the rest of the profile says; `nil` where nothing is.
    ///
    /// - Parameter origin: what the error is to call it.
    public func fault(in key: ConfigKey, _ value: String, from origin: String) -> HelperError? {
        // Only Butlr has a base URL; every other key is one of a profile for oauth2.
        let isButlr = key == .baseURL
        let butlrLacks: [ConfigKey] = [.tokenEndpoint, .clientID, .clientSecret]
        var settings = [
            ProfileReader.Setting(
                key: .provider, value: (isButlr ? Provider.butlr : .oauth2).name, origin: .environment),
            .init(key: .tokenEndpoint, value: "https://localhost/", origin: .environment),
            .init(key: .grant, value: Grant.password.rawValue, origin: .environment),
            .init(key: .clientID, value: "id", origin: .environment),
            .init(key: .clientSecret, value: "env:A", origin: .environment),
            .init(key: .username, value: "name", origin: .environment),
            .init(key: .password, value: "env:A", origin: .environment),
        ].filter { $0.key != key && !(isButlr && butlrLacks.contains($0.key)) }
        settings.append(.init(key: key, value: value, origin: .variable(origin)))
        do throws(HelperError) {
            _ = try reader(of: settings).read()
            return nil
        } catch {
            return error
        }
    }

    private var reader: ProfileReader { reader(of: settings) }

    private func reader(of settings: [ProfileReader.Setting]) -> ProfileReader {
        ProfileReader(
            name: name, origin: .file(path: path, line: settings.firstLine ?? 1), settings: settings,
            folder: folder(of: path), file: (path, mode), environment: environment, directories: directories)
    }

    /// The permissions of the file; those that it will get where it is not there.
    private var mode: mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode : 0o600
    }
}

extension [ProfileReader.Setting] {
    fileprivate var firstLine: Int? {
        for setting in self {
            if case .file(_, let line) = setting.origin { return line }
        }
        return nil
    }
}
