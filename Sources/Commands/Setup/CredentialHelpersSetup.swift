import Platform
import Profiles

/// The member `credHelpers` of Docker's config, which podman, buildah and skopeo read, too: a helper for each
/// registry.
enum CredentialHelpers {
    static let helper = "butlr"

    /// - Throws: `config` where the contents are not a JSON object.
    static func adding(to contents: String?, _ site: SetupSite, file: String) throws(HelperError) -> String {
        let registries = site.urls.compactMap(\.authority)
        guard !registries.isEmpty else {
            throw HelperError(
                .noProfile, "no profile lists a URL without a wildcard, such as a registry's",
                hint: site.permitting("https://HOST/"))
        }
        let text = contents ?? ""
        var bytes = Array((trimmed(text).isEmpty ? "{}\n" : text).utf8)
        try check(bytes, file)
        for registry in registries {
            guard let top = JSONMembers(bytes) else { throw malformed(file) }
            guard let member = top["credHelpers"] else {
                let unit = indentation(of: top, in: bytes)
                bytes = top.adding(
                    "credHelpers", "{\n\(unit)\(unit)\(entry(registry))\n\(unit)}", to: bytes,
                    indentation: unit)
                continue
            }
            guard let helpers = JSONMembers(bytes, at: member.value.lowerBound) else { throw malformed(file) }
            // Another helper stays: whoever put it there knows why.
            if helpers[registry] != nil { continue }
            let unit = indentation(of: top, in: bytes)
            bytes = helpers.adding(
                registry, JSON.string(helper).serialized, to: bytes, indentation: unit + unit)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func removing(from contents: String, _ site: SetupSite) throws(HelperError) -> String {
        var bytes = Array(contents.utf8)
        guard (try? JSON(parsing: bytes)) != nil else { return contents }
        for registry in site.urls.compactMap(\.authority) {
            guard let top = JSONMembers(bytes), let member = top["credHelpers"],
                let helpers = JSONMembers(bytes, at: member.value.lowerBound), let entry = helpers[registry],
                (try? JSON(parsing: Array(bytes[entry.value]))) == .string(helper)
            else { continue }
            bytes =
                helpers.members.count == 1
                ? top.removing("credHelpers", from: bytes) : helpers.removing(registry, from: bytes)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The registries' helpers that a change takes away and brings; nothing else of the file is shown, which may
    /// hold passwords.
    static func description(of old: String, _ new: String) -> [String] {
        let (old, new) = (entries(old), entries(new))
        return old.filter { entry in !new.contains { $0 == entry } }.map { line("-", $0) }
            + new.filter { entry in !old.contains { $0 == entry } }.map { line("+", $0) }
    }

    static func helpers(in contents: String) -> [String] {
        entries(contents).contains { $0.helper == helper } ? ["docker-credential-\(helper)"] : []
    }

    /// Registries whose helper is another one, which stays.
    static func others(in contents: String?, _ site: SetupSite) -> [SetupNote] {
        let registries = site.urls.compactMap(\.authority)
        return entries(contents ?? "").filter { registries.contains($0.registry) && $0.helper != helper }.map
        {
            SetupNote("\(quoted($0.registry)) has the helper \"\(quoted($0.helper))\" already, which stays")
        }
    }

    static func pathNotes(_ site: SetupSite) -> [SetupNote] {
        let program = "docker-credential-\(helper)"
        if findProgram(program, path: site.environment["PATH"]) != nil { return [] }
        return [
            SetupNote(
                "\(program), by which the helper is called, is not on the PATH. This says how to put it there:",
                site.directories.commandLine("doctor", profile: nil))
        ]
    }

    private static func entries(_ contents: String) -> [(registry: String, helper: String)] {
        guard let json = try? JSON(parsing: Array(contents.utf8)),
            case .object(let members)? = json["credHelpers"]
        else { return [] }
        return members.map { ($0.name, $0.value.string ?? "") }
    }

    private static func entry(_ registry: String) -> String {
        "\(JSON.string(registry).serialized): \(JSON.string(helper).serialized)"
    }

    private static func line(_ sign: String, _ entry: (registry: String, helper: String)) -> String {
        "\(sign) \"credHelpers\": { \"\(quoted(entry.registry))\": \"\(quoted(entry.helper))\" }"
    }

    /// What a line of the outermost object begins with.
    private static func indentation(of object: JSONMembers, in bytes: [UInt8]) -> String {
        guard let first = object.members.first else { return "\t" }
        let space = bytes[(object.open + 1)..<first.start].split(
            separator: 0x0A, omittingEmptySubsequences: false)
        return space.count > 1 ? String(decoding: space.last!, as: UTF8.self) : "\t"
    }

    private static func check(_ bytes: [UInt8], _ file: String) throws(HelperError) {
        guard let json = try? JSON(parsing: bytes), json.isObject,
            json["credHelpers"].map({ $0.isObject }) ?? true
        else { throw malformed(file) }
    }

    private static func malformed(_ file: String) -> HelperError {
        HelperError(.config, "\(quoted(file)) is not JSON as Docker writes it, and is left as it is")
    }
}

/// The Docker CLI.
enum DockerSetup: SetupTool {
    static let name = "docker"
    static let programs = ["docker"]

    static func file(_ site: SetupSite) throws(HelperError) -> String {
        if let folder = site.environment.nonEmpty("DOCKER_CONFIG") { return folder + "/config.json" }
        return try site.inHome(".docker/config.json")
    }

    static func adding(to contents: String?, _ site: SetupSite) throws(HelperError) -> String {
        try CredentialHelpers.adding(to: contents, site, file: try file(site))
    }

    static func removing(from contents: String, _ site: SetupSite) throws(HelperError) -> String {
        try CredentialHelpers.removing(from: contents, site)
    }

    static func helpers(in contents: String) -> [String] {
        let store = (try? JSON(parsing: Array(contents.utf8)))?["credsStore"]?.string
        return store == CredentialHelpers.helper
            ? ["docker-credential-butlr"] : CredentialHelpers.helpers(in: contents)
    }

    static func notes(_ site: SetupSite) -> [SetupNote] {
        CredentialHelpers.pathNotes(site)
            + CredentialHelpers.others(in: (try? EditedFile(file(site)))?.contents, site)
    }

    static func description(of old: String, _ new: String, _ site: SetupSite) -> [String] {
        CredentialHelpers.description(of: old, new)
    }
}

/// podman, buildah and skopeo (containers-auth.json(5)).
enum ContainersSetup: SetupTool {
    static let name = "containers"
    static let programs = ["podman", "buildah", "skopeo"]

    static func file(_ site: SetupSite) throws(HelperError) -> String {
        if let path = site.environment.nonEmpty("REGISTRY_AUTH_FILE") { return path }
        return try site.inConfigHome("containers/auth.json")
    }

    static func adding(to contents: String?, _ site: SetupSite) throws(HelperError) -> String {
        try CredentialHelpers.adding(to: contents, site, file: try file(site))
    }

    static func removing(from contents: String, _ site: SetupSite) throws(HelperError) -> String {
        try CredentialHelpers.removing(from: contents, site)
    }

    static func helpers(in contents: String) -> [String] { CredentialHelpers.helpers(in: contents) }

    static func notes(_ site: SetupSite) -> [SetupNote] {
        CredentialHelpers.pathNotes(site)
            + CredentialHelpers.others(in: (try? EditedFile(file(site)))?.contents, site)
    }

    static func description(of old: String, _ new: String, _ site: SetupSite) -> [String] {
        CredentialHelpers.description(of: old, new)
    }
}
