import Platform

extension Configuration {
    /// The profile whose tokens may be given to `url`.
    ///
    /// - Parameter named: narrows the choice to one profile, which must list the URL all the same.
    /// - Throws: `no-profile` where none lists it; `config` where two do equally well, where something in the
    ///   profile is wrong, or where nothing is configured at all.
    public func profile(serving url: RequestedURL, named: String?) throws(HelperError) -> Profile {
        try checkNotEmpty()
        if let named {
            let definition = try definition(named: named, isDefault: false)
            let profile = try build(definition)
            guard
                url.alternatives.contains(where: { url in profile.urls.contains { $0.matches(url) != nil } })
            else {
                throw HelperError(
                    .noProfile, "\(Profile.title(of: named)) does not list \(quoted(url.description))",
                    hint: permission(for: url, to: definition))
            }
            return profile
        }
        for url in url.alternatives {
            if let definition = try mostSpecific(for: url) { return try build(definition) }
        }
        let definitions = definitions
        throw HelperError(
            .noProfile, "no profile lists \(quoted(url.description))",
            hint: permission(for: url, to: definitions.count == 1 ? definitions[0] : nil))
    }

    /// What a person types to let a profile serve a URL.
    private func permission(for url: RequestedURL, to definition: Definition?) -> String {
        let url = "\(url.origin)/"
        let step =
            definition == .environment
            ? "add \(shellWord(url)) to BUTLR_URLS"
            : directories.commandLine("login", profile: definition.map(name) ?? "NAME", ["--url", url])
        return "if its tokens may go there: \(step)"
    }

    private func mostSpecific(for url: HTTPURL) throws(HelperError) -> Definition? {
        var choice = Choice()
        for (index, file) in configFiles.enumerated() {
            try file.eachMatch(for: url) { section, match in
                guard choice.considers(match), index == 0 || !isHidden(section, in: index) else { return }
                choice.add(.file(index, section), match)
            }
        }
        if environmentProfile != nil, let match = try environmentMatch(for: url) {
            choice.add(.environment, match)
        }
        if let rival = choice.rival, let best = choice.best {
            let names = [name(best), name(rival)].sorted().map { "\"\(quoted($0))\"" }
            throw HelperError(
                .config,
                "the profiles \(names[0]) and \(names[1]) list \(quoted(url.description)) equally well",
                hint: "choose one with --profile or BUTLR_PROFILE; for git: "
                    + directories.commandLine("setup git", profile: "NAME"))
        }
        return choice.best
    }

    private func environmentMatch(for url: HTTPURL) throws(HelperError) -> URLPattern.Match? {
        let profile = try build(.environment)
        return profile.urls.compactMap { $0.matches(url) }.max()
    }
}

/// A URL that several profiles list equally well, so that a caller has to name one of them.
public struct Tie: Sendable {
    public let url: URLPattern
    /// Their names, in the order in which they are defined.
    public let names: [String]
}

extension [Profile] {
    /// The URLs that several of these profiles list.
    ///
    /// A base URL that all of them have without listing it is none: that is what several accounts of one provider
    /// look like.
    public var ties: [Tie] {
        var rivals: [URLPattern: [Profile]] = [:]
        var order: [URLPattern] = []
        for profile in self {
            for url in Set(profile.urls) { rivals[url, default: []].append(profile) }
            order += profile.urls
        }
        var seen: Set<URLPattern> = []
        return order.compactMap { url in
            guard let rivals = rivals[url], rivals.count > 1, seen.insert(url).inserted,
                !rivals.allSatisfy({ $0.baseURL == url })
            else { return nil }
            return Tie(url: url, names: rivals.map(\.name))
        }
    }
}

extension RequestedURL {
    /// What it may mean, in the order in which that is tried.
    fileprivate var alternatives: [HTTPURL] { plain.map { [url, $0] } ?? [url] }
}

/// The best match so far, and another profile's that is as good.
private struct Choice {
    private(set) var best: Configuration.Definition?
    private(set) var rival: Configuration.Definition?
    private var match: URLPattern.Match?

    func considers(_ match: URLPattern.Match) -> Bool { self.match.map { match >= $0 } ?? true }

    mutating func add(_ definition: Configuration.Definition, _ match: URLPattern.Match) {
        if let best = self.match {
            if match < best { return }
            if match == best {
                if definition != self.best { rival = definition }
                return
            }
        }
        self.match = match
        best = definition
        rival = nil
    }
}

extension ConfigFile {
    /// Hands over the profiles that list `url`, each as often as it does so.
    ///
    /// - Throws: `config` where a pattern, which might have been the one, cannot be read.
    fileprivate func eachMatch(
        for url: HTTPURL, _ body: (_ section: Int, URLPattern.Match) -> Void
    ) throws(HelperError) {
        let host = Array(url.host.utf8)
        func surelyMisses(_ text: UnsafeRawBufferPointer) -> Bool {
            host.withUnsafeBytes { URLPattern.surelyMisses(text, host: $0) }
        }
        for entry in entries {
            let section = Int(entry.section)
            if entry.isBaseURL {
                // Only the last one of a profile counts, and only where it is Butlr's.
                guard sections[section].isButlr, isLast(entry) else { continue }
            }
            if entry.isPlain, surelyMisses(text(of: entry)) { continue }
            if let match = try pattern(of: entry).matches(url) { body(section, match) }
        }
        var base = Provider.butlrBaseURL
        if base.withUTF8({ surelyMisses(UnsafeRawBufferPointer($0)) }) { return }
        guard let base = try? HTTPURL(base), let match = URLPattern(base).matches(url) else { return }
        for (index, section) in sections.enumerated() where section.isButlr && section.baseURL == nil {
            body(index, match)
        }
    }

    private func isLast(_ entry: Entry) -> Bool {
        sections[Int(entry.section)].baseURL.map { entries[Int($0)].start } == entry.start
    }
}
