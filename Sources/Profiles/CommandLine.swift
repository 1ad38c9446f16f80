import Platform

extension Directories {
    /// A command of this program for a person to type, which reads the config file that this call reads.
    ///
    /// - Parameters:
    ///   - command: its words, as a shell reads them.
    ///   - profile: the profile that it is for; `nil` where it is the one that is taken unless one is named.
    ///   - arguments: what follows, one word each.
    public func commandLine(_ command: String, profile: String?, _ arguments: [String] = []) -> String {
        var words = profile.map { ["--profile", $0] } ?? []
        if let namedConfigFile { words += ["--config", absolutePath(namedConfigFile)] }
        return printable(
            (["butlr-credential \(command)"] + (words + arguments).map(shellWord)).joined(separator: " "))
    }
}

extension Directories {
    /// What to type so that a secret is there that none of its sources has.
    ///
    /// The last source is the one to mend: as a rule those before it are for other machines.
    public func remedy(for sources: [SecretSource], of profile: String) -> String {
        switch sources.last {
        case .env(let name): "export \(name)=…"
        case .systemd(let name):
            "systemctl edit UNIT  # below [Service]: LoadCredential=\(shellWord(name)):FILE"
        // The token that is then kept serves those who cannot ask.
        case .prompt: commandLine("token", profile: profile) + " >/dev/null"
        case .file, .command, .plain, nil: commandLine("login", profile: profile)
        }
    }
}
