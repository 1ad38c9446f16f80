import Platform
import Profiles

/// rclone: the command for tokens of each WebDAV remote that a profile serves.
enum RcloneSetup: SetupTool {
    static let name = "rclone"
    static let programs = ["rclone"]
    private static let key = "bearer_token_command"

    static func file(_ site: SetupSite) throws(HelperError) -> String {
        if let path = site.environment.nonEmpty("RCLONE_CONFIG") { return path }
        return try site.inConfigHome("rclone/rclone.conf")
    }

    static func adding(to contents: String?, _ site: SetupSite) throws(HelperError) -> String {
        if contents?.hasPrefix("# Encrypted rclone") == true
            || contents?.utf8.holds(Array("RCLONE_ENCRYPT_V0:".utf8)) == true
        {
            throw HelperError(
                .config, "rclone's config is encrypted, so that only rclone can change it",
                hint: "rclone config update REMOTE \(key) \"\(site.helper.path) token --url URL\"")
        }
        var text = TextLines(contents ?? "")
        var example: String?
        var isServed = false
        for section in TextSection.all(in: text).reversed() {
            guard section.line(of: "type", in: text)?.value == "webdav",
                let url = section.line(of: "url", in: text)
            else { continue }
            example = url.value
            guard site.serves(url.value) else { continue }
            isServed = true
            let words = [site.helper.path, "token", "--url", url.value] + site.options
            let line = "\(key) = \(try site.command(words, of: name))"
            if let command = section.line(of: key, in: text) {
                // Another command stays.
                if isOwn(command.value) { text.lines[command.index] = line + "\n" }
            } else if section.line(of: "bearer_token", in: text) == nil,
                section.line(of: "pass", in: text) == nil
            {
                text.insert([Mark.line, line], at: url.index + 1)
            }
        }
        guard isServed else {
            throw site.nothingToServe("WebDAV remote", in: try file(site), example: example) { url in
                "rclone config create NAME webdav url=\(shellWord(url))"
            }
        }
        return text.text
    }

    static func removing(from contents: String, _ site: SetupSite) throws(HelperError) -> String {
        var text = TextLines(contents)
        for section in TextSection.all(in: text).reversed() {
            guard let command = section.line(of: key, in: text), isOwn(command.value) else { continue }
            let isMarked = text.content(command.index - 1) == Mark.line
            text.lines.removeSubrange((command.index - (isMarked ? 1 : 0))...command.index)
        }
        return text.text
    }

    static func helpers(in contents: String) -> [String] {
        let text = TextLines(contents)
        return TextSection.all(in: text).compactMap { section in
            guard let command = section.line(of: key, in: text), isOwn(command.value) else { return nil }
            return program(command.value)
        }
    }

    static func notes(_ site: SetupSite) -> [SetupNote] {
        let text = TextLines((try? EditedFile(file(site)))?.contents ?? "")
        return TextSection.all(in: text).compactMap { section in
            guard let url = section.line(of: "url", in: text)?.value, site.serves(url) else { return nil }
            let command = section.line(of: key, in: text)
            let hasOther =
                command.map { !isOwn($0.value) }
                ?? (section.line(of: "bearer_token", in: text) != nil
                    || section.line(of: "pass", in: text) != nil)
            return hasOther
                ? SetupNote("[\(quoted(section.name))] has credentials of its own already, which stay") : nil
        }
    }

    private static func program(_ command: String) -> String {
        String(command.split(separator: " ").first ?? "")
    }

    private static func isOwn(_ command: String) -> Bool {
        fileName(of: program(command)) == HelperLocation.name
    }
}
