import Platform
import Profiles

/// Terraform and OpenTofu: the one helper that serves all hosts, and the link by which it is found in the folder of
/// plugins ("CLI Configuration File", `credentials_helper`).
enum TerraformSetup: SetupTool {
    static let name = "terraform"
    static let programs = ["terraform", "tofu"]
    private static let keyword = "credentials_helper"

    static func file(_ site: SetupSite) throws(HelperError) -> String {
        if let path = site.environment.nonEmpty("TF_CLI_CONFIG_FILE") { return path }
        let search = site.environment["PATH"]
        if findProgram("terraform", path: search) == nil, findProgram("tofu", path: search) != nil {
            return try site.inHome(".tofurc")
        }
        return try site.inHome(".terraformrc")
    }

    static func link(_ site: SetupSite) -> String? {
        try? site.inHome(".terraform.d/plugins/terraform-credentials-butlr")
    }

    static func adding(to contents: String?, _ site: SetupSite) throws(HelperError) -> String {
        let rest = Mark.removing(label: label, from: contents ?? "")
        if let other = helper(in: rest) {
            if other == "butlr" { return contents ?? "" }
            throw HelperError(
                .config,
                "\(Home(site.environment).abbreviating(try file(site))) names the helper \"\(quoted(other))\""
                    + " already, and Terraform takes one only",
                hint: "take its \(keyword) block away, then type: \(site.setup(name))")
        }
        let words = site.options.map { JSON.string($0).serialized }.joined(separator: ", ")
        return Mark.placing(
            ["\(keyword) \"butlr\" {"] + (words.isEmpty ? [] : ["  args = [\(words)]"]) + ["}"], label: label,
            in: contents ?? "")
    }

    static func removing(from contents: String, _ site: SetupSite) throws(HelperError) -> String {
        Mark.removing(label: label, from: contents)
    }

    static func helpers(in contents: String) -> [String] {
        helper(in: contents) == "butlr" ? ["terraform-credentials-butlr"] : []
    }

    private static let label = "all hosts"

    private static func helper(in contents: String) -> String? {
        for line in TextLines(contents).lines {
            let content = trimmed(line)
            guard content.hasPrefix(keyword) else { continue }
            return unquoted(trimmed(content.dropFirst(keyword.count)))
        }
        return nil
    }
}
