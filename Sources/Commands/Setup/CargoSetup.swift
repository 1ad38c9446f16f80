import Platform
import Profiles

/// cargo: a provider for each registry whose index a profile serves (The Cargo Book, "Configuration").
enum CargoSetup: SetupTool {
    static let name = "cargo"
    static let programs = ["cargo"]

    static func file(_ site: SetupSite) throws(HelperError) -> String {
        let usual = try site.inHome(".cargo")
        let folder = site.environment.absolutePath("CARGO_HOME") ?? usual
        // The name without an ending is older and comes first.
        let old = folder + "/config"
        return access(old, F_OK) == 0 ? old : folder + "/config.toml"
    }

    static func adding(to contents: String?, _ site: SetupSite) throws(HelperError) -> String {
        var text = TextLines(contents ?? "")
        let words = [site.helper.path] + site.options
        let line =
            "credential-provider = [\(words.map { JSON.string($0).serialized }.joined(separator: ", "))]"
        var index: String?
        var isServed = false
        // From the end, so that the lines before keep their places.
        for section in registries(in: text).reversed() {
            guard let entry = section.line(of: "index", in: text) else { continue }
            let url = unquoted(entry.value)
            index = url.hasPrefix("sparse+") ? String(url.dropFirst("sparse+".count)) : url
            guard site.serves(url) else { continue }
            isServed = true
            guard let provider = section.line(of: "credential-provider", in: text) else {
                text.insert([Mark.line, line], at: entry.index + 1)
                continue
            }
            // Another provider stays.
            if isOwn(provider.value), text.content(provider.index) != line {
                text.lines[provider.index] = line + "\n"
            }
        }
        guard isServed else {
            let file = try file(site)
            throw site.nothingToServe("registry", in: file, example: index) { url in
                (access(folder(of: file), F_OK) == 0 ? "" : "mkdir -p \(shellWord(folder(of: file))) && ")
                    + "printf '[registries.NAME]\\nindex = \"sparse+%s\"\\n' \(shellWord(url)) >>\(shellWord(file))"
            }
        }
        return text.text
    }

    static func removing(from contents: String, _ site: SetupSite) throws(HelperError) -> String {
        var text = TextLines(contents)
        for section in registries(in: text).reversed() {
            guard let provider = section.line(of: "credential-provider", in: text), isOwn(provider.value)
            else {
                continue
            }
            let isMarked = text.content(provider.index - 1) == Mark.line
            text.lines.removeSubrange((provider.index - (isMarked ? 1 : 0))...provider.index)
        }
        return text.text
    }

    static func helpers(in contents: String) -> [String] {
        let text = TextLines(contents)
        return registries(in: text).compactMap { section in
            section.line(of: "credential-provider", in: text).flatMap { program(in: $0.value) }
        }
    }

    static func notes(_ site: SetupSite) -> [SetupNote] {
        let text = TextLines((try? EditedFile(file(site)))?.contents ?? "")
        return registries(in: text).compactMap { section in
            guard let index = section.line(of: "index", in: text), site.serves(unquoted(index.value)),
                let provider = section.line(of: "credential-provider", in: text), !isOwn(provider.value)
            else { return nil }
            return SetupNote("[\(quoted(section.name))] has another credential-provider already, which stays")
        }
    }

    private static func registries(in text: TextLines) -> [TextSection] {
        TextSection.all(in: text).filter { $0.name.hasPrefix("registries.") }
    }

    private static func isOwn(_ value: String) -> Bool { program(in: value) != nil }

    /// The helper, where a list or a string begins with it.
    private static func program(in value: String) -> String? {
        let word = value.drop { $0 == "[" || $0 == " " || $0 == "\"" || $0 == "'" }
            .prefix { $0 != "\"" && $0 != "'" && $0 != " " }
        let name = fileName(of: String(word))
        return name == HelperLocation.name || name == "cargo-credential-butlr" ? String(word) : nil
    }
}

/// A TOML or shell-like string without its quotes and what follows them.
func unquoted(_ value: String) -> String {
    guard let quote = value.first, quote == "\"" || quote == "'" else { return value }
    return String(value.dropFirst().prefix { $0 != quote })
}
