import Platform
import Profiles

/// gcloud and Google's libraries: a credential configuration of their kind `external_account`, whose source is the
/// helper (google.aip.dev/auth/4117).
enum GoogleCloudSetup: SetupTool {
    static let name = "gcloud"
    static let programs = ["gcloud"]

    /// A file of its own: gcloud keeps a copy of what it is given, so none is to be edited.
    static func file(_ site: SetupSite) throws(HelperError) -> String {
        let usual = try site.inConfigHome("gcloud")
        let folder = site.environment.absolutePath("CLOUDSDK_CONFIG") ?? usual
        return folder + "/butlr-credential" + (site.profileName.map { "-" + fileNameEncoded($0) } ?? "")
            + ".json"
    }

    static func adding(to contents: String?, _ site: SetupSite) throws(HelperError) -> String {
        let command = try site.command([site.helper.path, "gcloud"] + site.options, of: name)
        // What else the file says, such as a service account, is a person's.
        if let contents, let json = try? JSON(parsing: Array(contents.utf8)) {
            let old = json["credential_source"]?["executable"]?["command"]?.string
            if old == command { return contents }
        }
        guard let audience = try audience(site) else {
            throw HelperError(
                .config, "no profile's audience names a provider of a workload identity pool",
                hint: "set it in the profile, such as: audience = https://iam.googleapis.com/projects/NUMBER/"
                    + "locations/global/workloadIdentityPools/POOL/providers/PROVIDER")
        }
        return """
            {
              "type": "external_account",
              "audience": \(JSON.string(audience).serialized),
              "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
              "token_url": "https://sts.googleapis.com/v1/token",
              "credential_source": {
                "executable": {
                  "command": \(JSON.string(command).serialized),
                  "timeout_millis": 30000
                }
              }
            }

            """
    }

    static func removing(from contents: String, _ site: SetupSite) throws(HelperError) -> String {
        helpers(in: contents).isEmpty ? contents : ""
    }

    static func helpers(in contents: String) -> [String] {
        let json = try? JSON(parsing: Array(contents.utf8))
        let command = json?["credential_source"]?["executable"]?["command"]?.string ?? ""
        let program = String(command.split(separator: " ").first ?? "")
        return fileName(of: program) == HelperLocation.name ? [program] : []
    }

    static func notes(_ site: SetupSite) -> [SetupNote] {
        guard let file = try? file(site) else { return [] }
        return [
            SetupNote(
                "gcloud runs a helper only where this is set:",
                "export GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1"),
            SetupNote("To have gcloud log in with it:", "gcloud auth login --cred-file=\(shellWord(file))"),
        ]
    }

    /// A pool's provider, as Google's token service names it.
    private static func audience(_ site: SetupSite) throws(HelperError) -> String? {
        let marker = "//iam.googleapis.com/"
        let audiences = Set(
            site.profiles.compactMap(\.audience).compactMap { audience -> String? in
                let name =
                    audience.hasPrefix("https:") ? String(audience.dropFirst("https:".count)) : audience
                return name.hasPrefix(marker) ? name : nil
            })
        guard audiences.count < 2 else {
            throw HelperError(
                .config, "several profiles are for workload identity pools",
                hint: site.directories.commandLine("setup \(name)", profile: "NAME"))
        }
        return audiences.first
    }
}
