import Platform

/// Where the helper's files lie: the XDG Base Directory Specification, version 0.8.
///
/// An empty variable counts as unset and a relative path in one is ignored, as the specification says.
/// Without `HOME` and without a variable that stands in for it, a folder is `nil`: the caller does without.
public struct Directories: Sendable {
    /// The config files that are read: the named one alone; else the user's own first, then each of
    /// `XDG_CONFIG_DIRS`.
    public let configFiles: [String]
    /// The config file that a person named.
    public let namedConfigFile: String?
    /// The user's folder for config, `…/butlr-credential`.
    public let configHome: String?
    /// The folder for what can be had again, `…/butlr-credential`.
    public let cache: String?
    /// The folder for what should survive a restart, `…/butlr-credential`.
    public let state: String?

    private let home: String?

    /// - Parameter named: the config file to read instead of the usual ones.
    public init(_ environment: Environment, configFile named: String? = nil) {
        let home = environment.absolutePath("HOME").map(withoutTrailingSlashes)
        func folder(_ variable: String, _ fallback: String) -> String? {
            if let path = environment.absolutePath(variable) {
                return withoutTrailingSlashes(path) + "/butlr-credential"
            }
            return home.map { $0 + fallback + "/butlr-credential" }
        }
        self.home = home
        configHome = folder("XDG_CONFIG_HOME", "/.config")
        cache = folder("XDG_CACHE_HOME", "/.cache")
        state = folder("XDG_STATE_HOME", "/.local/state")

        namedConfigFile = named.map { expanding($0, home) ?? $0 }
        if let namedConfigFile {
            configFiles = [namedConfigFile]
            return
        }
        var files: [String] = []
        if let configHome { files.append(configHome + "/config") }
        let systemWide = environment.nonEmpty("XDG_CONFIG_DIRS")?.split(separator: ":").map(String.init)
        for folder in systemWide ?? ["/etc/xdg"] where folder.utf8.first == UInt8(ascii: "/") {
            let file = withoutTrailingSlashes(folder) + "/butlr-credential/config"
            if !files.contains(file) { files.append(file) }
        }
        configFiles = files
    }

    /// The config file that a new profile goes to: the one that was named, else the user's own.
    ///
    /// - Throws: `config` where there is none.
    public func configFileToWrite() throws(HelperError) -> String {
        if let namedConfigFile { return namedConfigFile }
        guard let configHome else {
            throw HelperError(
                .config, "there is no folder for the config: HOME is not set",
                hint: "\(exportHome), or name a file with --config")
        }
        return configHome + "/config"
    }

    /// A path whose leading `~/` stands for the home folder; any other path as it is.
    ///
    /// - Returns: `nil` when the path needs a home folder and there is none.
    public func expandingTilde(_ path: String) -> String? { expanding(path, home) }
}

private func expanding(_ path: String, _ home: String?) -> String? {
    if path == "~" { return home.map { $0.isEmpty ? "/" : $0 } }
    guard path.hasPrefix("~/") else { return path }
    return home.map { $0 + path.dropFirst() }
}

/// A path or URL without the slashes that it ends with.
func withoutTrailingSlashes(_ path: String) -> String {
    guard path.utf8.last == UInt8(ascii: "/") else { return path }
    let end = path.utf8.lastIndex { $0 != UInt8(ascii: "/") }
    return end.map { String(path[...$0]) } ?? ""
}
