import Platform
import Profiles

/// git: a helper for each URL, written by `git config` (gitcredentials(7)).
///
/// An empty helper comes first: for these URLs, and for no others, it keeps git from asking the helpers that it has
/// for every URL, such as `store`, which would keep tokens beyond their end. A URL that has a helper of its own
/// keeps it.
enum GitSetup: SetupTool {
    static let name = "git"
    static let programs = ["git"]

    /// Where `git config --global` writes (git-config(1), "FILES").
    static func file(_ site: SetupSite) throws(HelperError) -> String {
        if let path = site.environment.nonEmpty("GIT_CONFIG_GLOBAL") { return path }
        let usual = try site.inHome(".gitconfig")
        let other = try site.inConfigHome("git/config")
        return access(usual, F_OK) != 0 && access(other, F_OK) == 0 ? other : usual
    }

    static func adding(to contents: String?, _ site: SetupSite) throws(HelperError) -> String {
        let copy = try EditorCopy(contents, site)
        let git = try Git(copy.path, site)
        let command = helper(site)
        for url in site.urls {
            let key = "credential.\(url.bare).helper"
            let helpers = try git.values(key)
            if let other = helpers.first(where: { options(of: $0) == site.options }) {
                if other != command { try git.run(["--fixed-value", "--replace-all", key, command, other]) }
            } else {
                if helpers.isEmpty { try git.run(["--add", key, ""]) }
                try git.run(["--add", key, command])
            }
            // git takes the first answer: that of the profile that was named last.
            if site.profileName != nil,
                let first = try git.values(key).first(where: { options(of: $0) != nil }),
                first != command
            {
                try git.run(["--fixed-value", "--unset-all", key, command])
                try git.run(["--fixed-value", "--replace-all", key, command, first])
                try git.run(["--add", key, first])
            }
            let pathKey = "credential.\(url.bare).useHttpPath"
            // Without a path, a helper that serves one path of a host has nothing to go by.
            if url.hasPath, try git.values(pathKey).last != "true" { try git.run([pathKey, "true"]) }
        }
        return try copy.contents()
    }

    static func removing(from contents: String, _ site: SetupSite) throws(HelperError) -> String {
        let copy = try EditorCopy(contents, site)
        let git = try Git(copy.path, site)
        for (key, value) in try git.helpers() where options(of: value) == site.options {
            try git.run(["--fixed-value", "--unset-all", key, value])
            if try git.values(key) == [""] { try git.run(["--unset-all", key]) }
        }
        return try copy.contents()
    }

    static func helpers(in contents: String) -> [String] {
        let text = TextLines(contents)
        return TextSection.all(in: text).filter { $0.name.hasPrefix("credential") }.flatMap { section in
            section.lines.compactMap { index -> String? in
                let line = text.content(index)
                guard line.lowercased().hasPrefix("helper"), let equals = line.firstIndex(of: "=") else {
                    return nil
                }
                let value = trimmed(line[line.index(after: equals)...].filter { $0 != "\"" })
                guard options(of: value) != nil, let word = words(value).first else { return nil }
                return word.hasPrefix("/") ? word : "git-credential-\(word)"
            }
        }
    }

    static func notes(_ site: SetupSite) -> [SetupNote] {
        let open = site.profiles.ties.filter { profile(for: $0.url, site) == nil }.map { tie in
            SetupNote(
                "\(listing(tie)), so git gets no token there. To choose one:",
                site.directories.commandLine("setup git", profile: tie.names[0]))
        }
        let later = site.urls.filter { asksAnotherFirst(at: $0, site) }.map { url in
            SetupNote(
                "git asks another helper first at \(url.bare). To have it ask this one alone:",
                takeover(of: url, site))
        }
        return open + later
            + site.urls.filter(\.hasPath).map {
                SetupNote(
                    "git sends the path of \($0.bare) only because credential.useHttpPath is set for it")
            }
    }

    /// The helpers that git has for that URL alone, in their order; none where its config cannot be read.
    private static func helpers(at url: URLPattern, _ site: SetupSite) -> [String] {
        let git = (try? file(site)).flatMap { try? Git($0, site) }
        return (try? git?.values("credential.\(url.bare).helper")) ?? []
    }

    /// The profile that git asks for at a URL that several list; `nil` where it leaves that open.
    static func profile(for url: URLPattern, _ site: SetupSite) -> String? {
        guard let own = helpers(at: url, site).lazy.compactMap(options).first,
            let option = own.firstIndex(of: "--profile"), option + 1 < own.count
        else { return nil }
        return own[option + 1]
    }

    /// Whether a helper of that URL's own stands before this one.
    static func asksAnotherFirst(at url: URLPattern, _ site: SetupSite) -> Bool {
        let helpers = helpers(at: url, site)
        guard let own = helpers.firstIndex(where: { options(of: $0) != nil }) else { return false }
        // An empty one takes back those before it.
        return helpers[..<own].last?.isEmpty == false
    }

    /// The command that takes the other helpers of a URL out.
    static func takeover(of url: URLPattern, _ site: SetupSite) -> String {
        let file = (try? file(site)).map { " --file \(shellWord($0))" } ?? " --global"
        return
            "git config\(file) --unset-all \(shellWord("credential.\(url.bare).helper")) && \(site.setup(name))"
    }

    /// What git runs, as its config has it: a path is a shell's word there, but must begin with its slash.
    private static func helper(_ site: SetupSite) -> String {
        ([escaped(site.helper.path), "git"] + site.options.map(shellWord)).joined(separator: " ")
    }

    /// The options of a helper's command line, where it is this helper by any path; else `nil`.
    private static func options(of helper: String) -> [String]? {
        var words = words(helper)
        guard !words.isEmpty else { return nil }
        let program = fileName(of: words.removeFirst())
        if program == "butlr" || program == "git-credential-butlr" { return words }
        guard program == HelperLocation.name, words.first == "git" else { return nil }
        return Array(words.dropFirst())
    }

    private static func escaped(_ path: String) -> String {
        var text = ""
        for character in path.unicodeScalars {
            let isPlain = character.properties.isAlphabetic || ("0"..."9").contains(character)
            if !isPlain, !["/", ".", "-", "_", "+"].contains(character) { text.append("\\") }
            text.unicodeScalars.append(character)
        }
        return text
    }

    /// A command line's words; quotes and backslashes are taken away.
    private static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word: String.UnicodeScalarView?
        var isEscaped = false
        var isQuoted = false
        for character in line.unicodeScalars {
            if isEscaped {
                word = (word ?? .init()) + [character]
                isEscaped = false
            } else if character == "\\", !isQuoted {
                isEscaped = true
            } else if character == "'" {
                isQuoted.toggle()
                word = word ?? .init()
            } else if character == " ", !isQuoted {
                if let word { words.append(String(word)) }
                word = nil
            } else {
                word = (word ?? .init()) + [character]
            }
        }
        if let word { words.append(String(word)) }
        return words
    }

    /// `git config` at work on one file.
    private struct Git {
        let path: String
        let program: String
        let environment: [Environment.Entry]

        init(_ path: String, _ site: SetupSite) throws(HelperError) {
            self.path = path
            program = try requireProgram("git", site.environment)
            environment = site.childEnvironment
        }

        func run(_ arguments: [String]) throws(HelperError) {
            let (status, output) = try call(arguments)
            guard status == 0 else {
                throw HelperError(
                    .config,
                    "git config failed with status \(status): \(quoted(String(decoding: output, as: UTF8.self)))"
                )
            }
        }

        func values(_ key: String) throws(HelperError) -> [String] {
            try list(["--null", "--get-all", key])
        }

        /// Every helper of a URL, with its key.
        func helpers() throws(HelperError) -> [(key: String, value: String)] {
            var helpers: [(String, String)] = []
            for entry in try list(["--null", "--get-regexp", "^credential\\..*\\.helper$"]) {
                let parts = entry.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
                helpers.append((String(parts[0]), parts.count > 1 ? String(parts[1]) : ""))
            }
            return helpers
        }

        private func list(_ arguments: [String]) throws(HelperError) -> [String] {
            let (status, output) = try call(arguments)
            // 1: there is none.
            guard status == 0 || status == 1 else {
                throw HelperError(
                    .config, "git cannot read its config: \(quoted(String(decoding: output, as: UTF8.self)))")
            }
            guard status == 0, !output.isEmpty else { return [] }
            return output.dropLast().split(separator: 0, omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
        }

        private func call(_ arguments: [String]) throws(HelperError) -> (Int32, [UInt8]) {
            do {
                let (status, output) = try runProgram(
                    program, ["config", "--file", path] + arguments, environment: environment,
                    mergingErrors: true)
                return (status, output)
            } catch {
                throw HelperError(.config, "git \(error)")
            }
        }
    }
}
