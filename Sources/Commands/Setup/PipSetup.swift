import Platform
import Profiles

/// pip: lets it call the command `keyring`, by which name the helper answers it ("User Guide", "Keyring Support").
enum PipSetup: SetupTool {
    static let name = "pip"
    static let programs = ["pip", "pip3"]
    /// What pip calls.
    static let program = "keyring"
    private static let key = "keyring-provider"
    private static let line = "keyring-provider = subprocess"

    static func file(_ site: SetupSite) throws(HelperError) -> String {
        if let path = site.environment.nonEmpty("PIP_CONFIG_FILE"), path != "/dev/null" { return path }
        return try site.inConfigHome("pip/pip.conf")
    }

    static func adding(to contents: String?, _ site: SetupSite) throws(HelperError) -> String {
        var text = TextLines(contents ?? "")
        guard let global = TextSection.all(in: text).first(where: { $0.name == "global" }) else {
            text.append([Mark.line, "[global]", line])
            return text.text
        }
        guard let provider = global.line(of: key, in: text) else {
            text.insert([Mark.line, line], at: global.header + 1)
            return text.text
        }
        guard provider.value == "subprocess" else {
            throw HelperError(
                .config,
                "\(Home(site.environment).abbreviating(try file(site))) sets \(key) to"
                    + " \"\(quoted(provider.value))\", which stays",
                hint: "pip config --user set global.\(key) subprocess")
        }
        return text.text
    }

    static func removing(from contents: String, _ site: SetupSite) throws(HelperError) -> String {
        var text = TextLines(contents)
        guard let mark = text.lines.indices.first(where: { text.content($0) == Mark.line }) else {
            return contents
        }
        let hasHeader = mark + 1 < text.lines.count && text.content(mark + 1) == "[global]"
        let own = mark + (hasHeader ? 2 : 1)
        if own < text.lines.count, text.content(own) == line { text.lines.remove(at: own) }
        // What others have put below the header needs it.
        let isNeeded =
            own < text.lines.count && !text.content(own).isEmpty && !text.content(own).hasPrefix("[")
        if hasHeader, !isNeeded { text.lines.remove(at: mark + 1) }
        text.lines.remove(at: mark)
        return text.text
    }

    static func helpers(in contents: String) -> [String] {
        let text = TextLines(contents)
        let global = TextSection.all(in: text).first { $0.name == "global" }
        return global?.line(of: key, in: text)?.value == "subprocess" ? [program] : []
    }

    /// Whether it is `setup` that has pip call a keyring.
    static func isMarked(_ contents: String) -> Bool {
        let text = TextLines(contents)
        return text.lines.indices.contains { text.content($0) == Mark.line }
    }

    /// The command that has pip find the helper, by a name that is another program's, too: so it has a folder of its
    /// own, where `integrations/install --keyring` puts it.
    static func pathCommand(_ site: SetupSite) -> String {
        let places = [site.helper.path, site.helper.resolved].map {
            folder(of: folder(of: $0)) + "/libexec/butlr-credential"
        }
        let installed = places.first { site.helper.isSame("\($0)/\(program)") }
        let place = installed ?? places[0]
        let make =
            "mkdir -p \(shellWord(place)) && ln -sf \(shellWord(site.helper.path))"
            + " \(shellWord("\(place)/\(program)")) && "
        return (installed == nil ? make : "") + "export PATH=\(shellWord(place)):\"$PATH\""
    }

    static func notes(_ site: SetupSite) -> [SetupNote] {
        if let keyring = findProgram(program, path: site.environment["PATH"]), site.helper.isSame(keyring) {
            return []
        }
        return [
            SetupNote(
                "pip calls the first keyring on the PATH. To have that be the helper:", pathCommand(site)),
            SetupNote(
                "pip asks for indexes whose URL has a user name, such as"
                    + " https://oauth2@pypi.example.com/simple/"),
        ]
    }
}
