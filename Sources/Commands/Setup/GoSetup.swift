import Platform
import Profiles

/// Go: one more entry in the list `GOAUTH` (Go 1.24 and later; `go help goauth`, `go help environment`).
enum GoSetup: SetupTool {
    static let name = "go"
    static let programs = ["go"]
    private static let variable = "GOAUTH="
    /// What Go does where nothing is said.
    private static let usual = "netrc"

    static func file(_ site: SetupSite) throws(HelperError) -> String {
        if let path = site.environment.nonEmpty("GOENV") {
            guard path != "off" else {
                throw HelperError(.config, "GOENV is off, so Go reads no config file")
            }
            return path
        }
        return try site.inConfigHome("go/env")
    }

    static func adding(to contents: String?, _ site: SetupSite) throws(HelperError) -> String {
        var text = TextLines(contents ?? "")
        let own = try command(site)
        guard let index = text.lines.indices.first(where: { text.content($0).hasPrefix(variable) }) else {
            text.append([Mark.line, "\(variable)\(usual);\(own)"])
            return text.text
        }
        var list = entries(text.content(index))
        guard list != ["off"] else {
            throw HelperError(
                .config, "GOAUTH is off in \(Home(site.environment).abbreviating(try file(site)))",
                hint: "go env -u GOAUTH")
        }
        if list.contains(own) { return text.text }
        list.removeAll { isOwn($0, site.options) }
        text.lines[index] = variable + (list + [own]).joined(separator: ";") + "\n"
        return text.text
    }

    static func removing(from contents: String, _ site: SetupSite) throws(HelperError) -> String {
        var text = TextLines(contents)
        guard let index = text.lines.indices.first(where: { text.content($0).hasPrefix(variable) }) else {
            return contents
        }
        var list = entries(text.content(index))
        guard list.contains(where: { isOwn($0, site.options) }) else { return contents }
        list.removeAll { isOwn($0, site.options) }
        let isMarked = index > 0 && text.content(index - 1) == Mark.line
        if isMarked, list == [usual] {
            text.lines.removeSubrange((index - 1)...index)
        } else {
            text.lines[index] = variable + list.joined(separator: ";") + "\n"
        }
        return text.text
    }

    static func helpers(in contents: String) -> [String] {
        let line = TextLines(contents).lines.map(trimmed).first { $0.hasPrefix(variable) }
        return entries(line ?? "").compactMap { entry in
            let program = unquoted(String(entry.split(separator: " ").first ?? ""))
            return fileName(of: program) == HelperLocation.name ? program : nil
        }
    }

    static func notes(_ site: SetupSite) -> [SetupNote] {
        guard let value = site.environment.nonEmpty("GOAUTH") else { return [] }
        return value.utf8.holds(Array(HelperLocation.name.utf8))
            ? []
            : [
                SetupNote(
                    "the variable GOAUTH is set in the environment, and wins over the file. To have the file count:",
                    "unset GOAUTH")
            ]
    }

    private static func entries(_ line: String) -> [String] {
        line.dropFirst(variable.count).split(separator: ";").map(trimmed)
    }

    private static func command(_ site: SetupSite) throws(HelperError) -> String {
        try site.command([site.helper.path, "go"] + site.options, of: name)
    }

    private static func isOwn(_ entry: String, _ options: [String]) -> Bool {
        let words = entry.split(separator: " ").map(String.init)
        return fileName(of: unquoted(words.first ?? "")) == HelperLocation.name
            && words.dropFirst().first == "go"
            && words.dropFirst(2).elementsEqual(options)
    }
}
