import Platform
import Profiles

/// Bazel: a helper for each host (`--credential_helper`, Bazel 7 and later).
enum BazelSetup: SetupTool {
    static let name = "bazel"
    static let programs = ["bazel", "bazelisk"]

    static func file(_ site: SetupSite) throws(HelperError) -> String { try site.inHome(".bazelrc") }

    static func adding(to contents: String?, _ site: SetupSite) throws(HelperError) -> String {
        guard !site.helper.path.contains(" ") else {
            throw HelperError(
                .config, "Bazel cannot be given a path with a blank: \(quoted(site.helper.path))")
        }
        var hosts: [String] = []
        for host in site.urls.map(\.hostPattern) where !hosts.contains(host) { hosts.append(host) }
        return Mark.placing(
            hosts.map { "common --credential_helper=\($0)=\(site.helper.path)" }, label: site.label,
            in: contents ?? "")
    }

    static func removing(from contents: String, _ site: SetupSite) throws(HelperError) -> String {
        Mark.removing(label: site.label, from: contents)
    }

    static func helpers(in contents: String) -> [String] {
        TextLines(contents).lines.compactMap { line in
            guard !line.hasPrefix("#"), let option = line.split(separator: " ").last,
                option.hasPrefix("--credential_helper=")
            else { return nil }
            let program = trimmed(option.split(separator: "=").last ?? "")
            return fileName(of: program) == HelperLocation.name ? program : nil
        }
    }

    static func notes(_ site: SetupSite) -> [SetupNote] {
        site.options.isEmpty
            ? [] : [SetupNote("Bazel gives its helper no options: the profile is the one that lists the URL")]
    }
}
