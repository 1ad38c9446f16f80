import Platform

/// The folder in which `login` keeps the secrets that it was given, each in a file for this user alone.
///
/// `$XDG_CONFIG_HOME/butlr-credential/secrets/`. A file is named like its profile; for a config file other
/// than the user's usual one with a hash of that file's path behind it, so that two configs with a profile of
/// the same name do not share a secret.
public struct SecretFolder: Sendable {
    public let path: String
    private let suffix: String
    private let home: String?

    /// - Returns: `nil` where there is no folder for config.
    public init?(_ directories: Directories, _ environment: Environment, for configFile: String) {
        guard let configHome = directories.configHome else { return nil }
        path = configHome + "/secrets"
        home = environment.absolutePath("HOME")
        let isUsual = configFile == configHome + "/config"
        suffix = isUsual ? "" : "." + hexadecimal(sha256(Array(absolutePath(configFile).utf8)).prefix(4))
    }

    /// The file for the secret that a key of a profile names.
    ///
    /// - Parameter key: `client-secret` or `password`.
    public func path(of key: ConfigKey, in profile: String) -> String {
        // An encoded name has no dot, or, where it is cut, one with a longer hash behind it.
        "\(path)/\(fileNameEncoded(profile))\(suffix)" + (key == .password ? ".password" : "")
    }

    /// How the config names that file.
    public func source(of key: ConfigKey, in profile: String) -> String {
        "file:" + abbreviated(path(of: key, in: profile))
    }

    /// A path as a person writes it: the home folder as `~`.
    public func abbreviated(_ path: String) -> String {
        guard let home, home != "/", path.hasPrefix(home + "/") else { return path }
        return "~" + path.dropFirst(home.count)
    }

    /// Keeps a secret, in place of the one before.
    ///
    /// - Throws: `io-error`.
    public func write(_ secret: Secret, of key: ConfigKey, in profile: String) throws(HelperError) {
        do throws(SystemError) {
            try makePrivateFolders(path)
            let folder = try FileDescriptor(opening: path, O_RDONLY | O_DIRECTORY)
            let status = try folder.status()
            guard status.isOwn else { throw SystemError(EPERM) }
            if !status.isPrivate, fchmod(folder.raw, 0o700) != 0 { throw SystemError() }
            try FileDraft(of: self.path(of: key, in: profile)).commit(Array((secret.reveal() + "\n").utf8))
        } catch {
            throw HelperError(
                "the \(key.name) cannot be kept in \(quoted(self.path(of: key, in: profile)))", error,
                at: self.path(of: key, in: profile))
        }
    }

    /// The secret that is kept; `nil` where there is none.
    public func read(_ key: ConfigKey, of profile: String) -> Secret? {
        (try? SecretFile.read(path(of: key, in: profile))).map(Secret.init)
    }

    /// The paths of those files that belong to this config, also where it has their profile no longer.
    ///
    /// - Parameter names: the names of the folder's files.
    public func files(among names: [String]) -> [String] {
        var files: Set<String> = []
        for name in names {
            let file = without(FileDraft.ending, name)
            let stem = without(".password", file)
            guard stem.hasSuffix(suffix) else { continue }
            // Behind another config's names there is a shorter hash than behind one that is cut.
            let parts = stem.dropLast(suffix.count).split(separator: ".", omittingEmptySubsequences: false)
            if !parts[0].isEmpty, parts.count == 1 || parts.count == 2 && parts[1].count == 64 {
                files.insert("\(path)/\(file)")
            }
        }
        return files.sorted()
    }

    private func without(_ end: String, _ name: String) -> String {
        name.hasSuffix(end) ? String(name.dropLast(end.count)) : name
    }

    /// Removes a secret's file.
    ///
    /// - Returns: whether there was one.
    /// - Throws: `io-error`.
    public func remove(_ path: String) throws(HelperError) -> Bool {
        // What a killed process may have left.
        unlink(FileDraft.path(of: path))
        if unlink(path) == 0 { return true }
        if errno == ENOENT || errno == ENOTDIR { return false }
        throw HelperError("\(quoted(path)) cannot be removed", SystemError(), at: path)
    }
}
