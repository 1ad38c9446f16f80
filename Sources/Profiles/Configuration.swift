import Platform

/// Everything that is configured: the config files, read in one pass, and the environment.
///
/// No profile is built until somebody asks for it. A profile that a nearer file defines hides the one of that
/// name in a farther file entirely.
public struct Configuration: Sendable {
    let configFiles: [ConfigFile]
    let environmentProfile: EnvironmentProfile?
    let environment: Environment
    let directories: Directories

    /// Reads the config files.
    ///
    /// - Throws: `config` where a named file is missing, or one is out of reach, may be written by others, or
    ///   holds a mistake in its syntax, in the name of a section or in the name of a key.
    public init(environment: Environment, directories: Directories) throws(HelperError) {
        self.environment = environment
        self.directories = directories
        var files: [ConfigFile] = []
        var role: ConfigFile.Role =
            if directories.namedConfigFile != nil {
                .named
            } else {
                directories.configHome != nil ? .own : .systemWide
            }
        for path in directories.configFiles {
            if let file = try ConfigFile.read(path, role, directories) { files.append(file) }
            role = .systemWide
        }
        configFiles = files
        let name = Array(EnvironmentProfile.name.utf8)
        let isDefined = files.contains { $0.index(of: name) != nil }
        environmentProfile = isDefined ? nil : EnvironmentProfile(environment)
    }

    /// The paths of the files that were read.
    public var files: [String] { configFiles.map(\.path) }

    /// The names of all profiles, in the order in which they are defined.
    public var profileNames: [String] { definitions.map(name) }

    /// The definitions that do not count, because a nearer file has a profile of that name.
    public var hidden: [(name: String, place: Origin, winner: Origin)] {
        var hidden: [(String, Origin, Origin)] = []
        func note(_ name: String, _ place: Origin, behind files: ArraySlice<ConfigFile>) {
            for file in files {
                guard let index = file.index(of: Array(name.utf8)) else { continue }
                return hidden.append((name, place, file.place(file.sections[index].line)))
            }
        }
        for (index, file) in configFiles.enumerated() {
            for section in file.sections {
                note(file.name(of: section), file.place(section.line), behind: configFiles[..<index])
            }
        }
        if EnvironmentProfile(environment) != nil {
            note(EnvironmentProfile.name, .environment, behind: configFiles[...])
        }
        return hidden
    }

    /// Whether nothing at all is configured.
    public var isEmpty: Bool { environmentProfile == nil && configFiles.allSatisfy { $0.sections.isEmpty } }

    /// The profile with that name.
    ///
    /// - Parameter named: without it, it is `default`.
    /// - Throws: `config` where there is none, or something in it is wrong.
    public func profile(named: String?) throws(HelperError) -> Profile {
        try build(try definition(named: named ?? "default", isDefault: named == nil))
    }

    /// The variables that hold a secret whatever is configured.
    public static let ownSecretVariables: Set = ["BUTLR_CLIENT_SECRET", "BUTLR_PASSWORD"]

    /// Every variable that holds a secret, and that no child process needs to see.
    public var secretVariables: Set<String> {
        var names = Configuration.ownSecretVariables
        for file in configFiles {
            for value in file.values(where: \.isSecret) {
                if case .env(let name)? = try? SecretSource(value, resolvingPath: { $0 }) {
                    names.insert(name)
                }
            }
        }
        return names
    }

    /// The environment for a program that is started on the user's behalf: without the secrets that tokens are
    /// obtained with.
    public var childEnvironment: [Environment.Entry] { environment.entries(without: secretVariables) }

    /// What is wrong with the values of any profile; at most one error for each.
    public func check() -> [HelperError] {
        var errors: [HelperError] = []
        for definition in definitions {
            do throws(HelperError) {
                _ = try build(definition)
            } catch {
                errors.append(error)
            }
        }
        return errors
    }
}

// MARK: - Where a profile is defined

extension Configuration {
    enum Definition: Equatable {
        /// Indices of the file and of the profile in it.
        case file(Int, Int)
        case environment
    }

    /// All that are not hidden.
    var definitions: [Definition] {
        var definitions: [Definition] = []
        for (index, file) in configFiles.enumerated() {
            for section in file.sections.indices where !isHidden(section, in: index) {
                definitions.append(.file(index, section))
            }
        }
        if environmentProfile != nil { definitions.append(.environment) }
        return definitions
    }

    /// Whether a nearer file defines that profile.
    func isHidden(_ section: Int, in index: Int) -> Bool {
        let file = configFiles[index]
        return configFiles[..<index].contains { $0.defines(file.sections[section], of: file) }
    }

    func name(_ definition: Definition) -> String {
        switch definition {
        case .file(let file, let section): configFiles[file].name(of: configFiles[file].sections[section])
        case .environment: EnvironmentProfile.name
        }
    }

    func definition(named name: String, isDefault: Bool) throws(HelperError) -> Definition {
        let bytes = Array(name.utf8)
        for (index, file) in configFiles.enumerated() {
            if let section = file.index(of: bytes) { return .file(index, section) }
        }
        if environmentProfile != nil, name == EnvironmentProfile.name { return .environment }
        try checkNotEmpty()
        let names = profileNames
        let list = names.prefix(5).map { "\"\(quoted($0))\"" }.joined(separator: ", ")
        let message =
            isDefault
            ? "there is no profile \"default\", and none was named"
            : "there is no \(Profile.title(of: name))"
        let nearest = isDefault ? nil : nearestWord(to: name, among: names).map { quoted($0) }
        let hint = isDefault ? "choose one with --profile NAME or BUTLR_PROFILE: " : "there are: "
        let all = hint + list + (names.count > 5 ? ", …" : "")
        let make = isDefault ? "" : "; to make it: " + directories.commandLine("login", profile: name)
        throw HelperError(.config, message + suggestion(nearest), hint: all + make)
    }

    /// - Throws: `config`, with how to begin, where no profile is defined at all.
    func checkNotEmpty() throws(HelperError) {
        guard isEmpty else { return }
        if let missing = environment.missingHalfOfPair {
            throw HelperError(
                .config, missing, hint: "set both, or type: " + directories.commandLine("login", profile: nil)
            )
        }
        let place = files.first ?? directories.configFiles.first
        throw HelperError(
            .config,
            "no profile is configured" + (place.map { " in \(quoted($0))" } ?? "") + " or in the environment",
            hint: directories.commandLine("login", profile: nil)
                + ", or set BUTLR_CLIENT_ID and BUTLR_CLIENT_SECRET")
    }

    func build(_ definition: Definition) throws(HelperError) -> Profile {
        switch definition {
        case .environment:
            try ProfileReader(
                name: EnvironmentProfile.name, origin: .environment,
                settings: environmentProfile?.settings ?? [],
                folder: ".", file: nil, environment: environment, directories: directories
            ).read()
        case .file(let index, let section):
            try build(section, of: configFiles[index])
        }
    }

    private func build(_ index: Int, of file: ConfigFile) throws(HelperError) -> Profile {
        let section = file.sections[index]
        return try ProfileReader(
            name: file.name(of: section), origin: file.place(section.line),
            settings: try file.settings(of: index),
            folder: folder(of: file.path), file: (file.path, file.mode), environment: environment,
            directories: directories
        ).read()
    }
}
