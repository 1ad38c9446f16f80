import Broker
import Platform
import Profiles

/// A calling tool whose config `setup` edits.
protocol SetupTool: SendableMetatype {
    /// What follows `setup`.
    static var name: String { get }

    /// Programs any of which shows that the tool is installed.
    static var programs: [String] { get }

    /// The config file that the tool reads.
    ///
    /// - Throws: `config` where there can be none.
    static func file(_ site: SetupSite) throws(HelperError) -> String

    /// The file's contents with the helper in them: the same contents where it is there already.
    ///
    /// - Throws: why that cannot be, such as another helper in the only place there is.
    static func adding(to contents: String?, _ site: SetupSite) throws(HelperError) -> String

    /// The contents without the helper, for a file that has been changed since.
    static func removing(from contents: String, _ site: SetupSite) throws(HelperError) -> String

    /// The programs by which contents name the helper: paths, or names that the tool looks up.
    static func helpers(in contents: String) -> [String]

    /// A link that the tool finds the helper by, where it does not look elsewhere.
    static func link(_ site: SetupSite) -> String?

    /// What a person still has to know or do.
    static func notes(_ site: SetupSite) -> [SetupNote]

    /// A change, for people.
    static func description(of old: String, _ new: String, _ site: SetupSite) -> [String]
}

extension SetupTool {
    static func link(_ site: SetupSite) -> String? { nil }
    static func notes(_ site: SetupSite) -> [SetupNote] { [] }
    static func description(of old: String, _ new: String, _ site: SetupSite) -> [String] {
        Difference.between(old, new, naming: site.helper.path)
    }
}

/// What a person still has to know or do.
struct SetupNote {
    /// A sentence; where a command follows, it says what that is for.
    let text: String
    /// What is to be typed.
    let command: String?

    init(_ text: String, _ command: String? = nil) {
        self.text = text
        self.command = command
    }
}

/// All of them, in the order in which `doctor` goes through them.
enum SetupTools {
    static let all: [any SetupTool.Type] = [
        GitSetup.self, KubectlSetup.self, DockerSetup.self, ContainersSetup.self, CargoSetup.self,
        TerraformSetup.self, BazelSetup.self, PipSetup.self, GoSetup.self, GoogleCloudSetup.self,
        RcloneSetup.self,
    ]

    static var names: [String] { all.map { $0.name } }
}

/// What a tool is set up with.
struct SetupSite: Sendable {
    let environment: Environment
    /// `nil` where it cannot be read.
    let configuration: Configuration?
    /// The profiles whose URLs the tool is to ask for.
    let profiles: [Profile]
    /// The one profile that was named.
    let profileName: String?
    /// Where the helper's own files lie.
    let directories: Directories
    let helper: HelperLocation

    /// The helper's own options, which repeat what was named.
    var options: [String] {
        (profileName.map { ["--profile", $0] } ?? [])
            + (directories.namedConfigFile.map { ["--config", absolutePath($0)] } ?? [])
    }

    /// For a tool that is started to read or change its config.
    var childEnvironment: [Environment.Entry] {
        configuration?.childEnvironment ?? environment.entries(without: Configuration.ownSecretVariables)
    }

    /// What tells this set-up from that of another profile.
    var label: String { profileName.map { "profile \(quoted($0))" } ?? "all profiles" }

    /// The URLs for which the tool is to ask: those that the profiles list.
    ///
    /// The base URL, which a Butlr profile has without listing it, is one of them only where there is no other.
    var urls: [URLPattern] {
        var urls: [URLPattern] = []
        for profile in profiles {
            let isImplied = profile.baseURL != nil && profile.urls.count > 1
            for url in profile.urls.dropFirst(isImplied ? 1 : 0) where !urls.contains(url) {
                urls.append(url)
            }
        }
        return urls
    }

    /// A command as a tool is given it that cuts its text at blanks, and may have its own idea of quotes.
    ///
    /// - Throws: `config` where such a tool would read other words.
    func command(_ words: [String], of tool: String) throws(HelperError) -> String {
        for word in words where word.utf8.contains(where: { $0 <= 0x20 || "'\"\\;".utf8.contains($0) }) {
            throw HelperError(
                .config,
                "\(tool) cannot be given a command in which a word has a blank, a quote, a backslash or a semicolon:"
                    + " \(quoted(word))")
        }
        return words.joined(separator: " ")
    }

    func serves(_ url: String) -> Bool {
        guard let url = RequestedURL(url) else { return false }
        return profiles.contains { $0.urls.contains { $0.matches(url) != nil } }
    }

    /// `~` and what is behind it.
    func inHome(_ path: String) throws(HelperError) -> String {
        guard let home = environment.absolutePath("HOME") else {
            throw HelperError(
                .config, "HOME is not set, so there is no config file to edit", hint: exportHome)
        }
        return home + "/" + path
    }

    /// A path in `$XDG_CONFIG_HOME`.
    func inConfigHome(_ path: String) throws(HelperError) -> String {
        if let folder = environment.absolutePath("XDG_CONFIG_HOME") { return folder + "/" + path }
        return try inHome(".config/" + path)
    }

    /// The error where nothing in the tool's config fits what the profiles list.
    ///
    /// - Parameters:
    ///   - what: what the tool has URLs of.
    ///   - example: the URL of one; `nil` where there is none at all.
    ///   - adding: the command that adds one with a URL.
    func nothingToServe(
        _ what: String, in file: String, example: String?, adding: (String) -> String
    ) -> HelperError {
        let place = Home(environment).abbreviating(file)
        if let example {
            return HelperError(
                .noProfile, "no \(what) in \(place) is at a URL that a profile lists",
                hint: permitting(example))
        }
        let url = urls.last { $0.authority != nil }?.description ?? "https://HOST/"
        return HelperError(
            .noProfile, "there is no \(what) in \(place) yet", hint: "first add it: " + adding(url))
    }

    /// The command that sets a tool up, for what is set up here.
    func setup(_ tool: String, _ arguments: String...) -> String {
        directories.commandLine("setup \(tool)", profile: profileName, arguments)
    }

    /// The command that has the profile list a URL.
    func permitting(_ url: String) -> String {
        let profile = profiles.first
        if profile?.origin == .environment {
            let before = environment.nonEmpty("BUTLR_URLS") == nil ? "" : "\"$BUTLR_URLS \""
            return "export BUTLR_URLS=\(before)\(shellWord(url))"
        }
        return directories.commandLine("login", profile: profile?.name, ["--url", url])
    }
}

/// Which profiles list a URL equally well, as the beginning of a sentence.
func listing(_ tie: Tie) -> String {
    let names = tie.names.map { "\"\(quoted($0))\"" }
    return "the profiles \(names.dropLast().joined(separator: ", ")) and \(names.last!) list"
        + " \(quoted(tie.url.bare)) equally well"
}

extension URLPattern {
    /// The pattern as other tools write URLs, without a slash at its end.
    var bare: String {
        let text = description
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }

    /// The host alone, with a leading `*.` where any host below it is meant.
    var hostPattern: String {
        var host = origin[origin.index(origin.firstIndex(of: ":")!, offsetBy: 3)...]
        if let colon = host.lastIndex(of: ":"), host[colon...].dropFirst().allSatisfy(\.isNumber) {
            host = host[..<colon]
        }
        return String(host)
    }
}

/// The path of one of a tool's programs, so that its own editor makes the change.
func requireProgram(_ name: String, _ environment: Environment) throws(HelperError) -> String {
    if let path = findProgram(name, path: environment["PATH"]) { return path }
    throw HelperError(.config, "\(name), which edits its own config, is not on the PATH")
}

/// A copy of a file's contents that a tool's own editor may change.
///
/// It may hold a key, so it lies in a folder of this user's alone. There is one at a time, under a name that never
/// changes, and with it a lock: what a killed process left is taken away by the next. Any other signal waits.
struct EditorCopy: ~Copyable {
    let path: String
    private let lock: FileDraft
    private let signals: HeldSignals
    private let wasThere: Bool

    init(_ contents: String?, _ site: SetupSite) throws(HelperError) {
        let folder = try SetupRecords.folder(in: site.directories)
        let path = folder + "/editing"
        let signals = HeldSignals()
        do throws(SystemError) {
            try makePrivateFolders(folder)
            let lock = try FileDraft(of: path)
            EditorCopy.remove(path)
            do throws(SystemError) {
                if let contents {
                    try FileDescriptor(opening: path, O_WRONLY | O_CREAT | O_EXCL)
                        .writeAll(Array(contents.utf8))
                }
            } catch {
                EditorCopy.remove(path)
                throw error
            }
            self.lock = lock
        } catch {
            if error.number == EWOULDBLOCK {
                throw HelperError(
                    .temporaryFailure, "another setup is at work", hint: "type the command again")
            }
            throw HelperError("\(quoted(path)) cannot be written", error, at: path)
        }
        self.path = path
        self.signals = signals
        wasThere = contents != nil
    }

    deinit { EditorCopy.remove(path) }

    private static func remove(_ path: String) {
        unlink(path)
        unlink(path + ".lock")
    }

    func contents() throws(HelperError) -> String {
        let contents = try EditedFile(path).contents
        // An empty one would take the place of what the user has.
        if contents == nil, wasThere { throw HelperError(.ioError, "\(quoted(path)) is gone") }
        return contents ?? ""
    }
}
