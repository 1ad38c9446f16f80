import Broker
import Callers
import Platform
import Profiles
import TokenStore

/// `logout`: forgets what was kept for a profile.
enum Logout: Command {
    static let showsWaiting = true

    static let name = "logout"

    static let manual = Manual(
        summary: "forget a profile's tokens, and the secrets that login kept",
        options: [.init("--all", nil, "every profile's, also of profiles that are not defined any more")],
        details: [
            "Removes the stored access and refresh tokens, the memory of failures, and the files in which login"
                + " has kept secrets. The profile itself stays in the config file, so that the next login asks"
                + " for little; secrets that are kept elsewhere stay too, and are named.",
            "A token that a tool was given before stays valid until it ends: only its provider could revoke it.",
        ])

    static func answer(_ call: Call) throws(HelperError) -> Reply {
        let options = try Options(call.arguments, of: Self.self)
        try options.refuseOperands()
        let broker = call.broker
        let isForAll = options["--all"] != nil
        if isForAll, broker.profileName != nil {
            throw HelperError(.usage, "logout takes either --all or --profile, not both")
        }
        // What was kept can be forgotten whatever state the config is in.
        var configuration: Configuration?
        var trouble: HelperError?
        do throws(HelperError) { configuration = try broker.configuration() } catch { trouble = error }

        let name = broker.profileName ?? "default"
        let count = try broker.forget(profileNamed: isForAll ? nil : name)
        var report = LogoutReport(isForAll ? nil : Profile.title(of: name))
        report.forgot(count)
        let folder = SecretFolder(
            broker.directories, call.context.environment,
            for: (try? broker.directories.configFileToWrite()) ?? "")
        if let folder {
            let files =
                isForAll
                ? folder.files(among: names(in: folder.path))
                : [ConfigKey.clientSecret, .password].map { folder.path(of: $0, in: name) }
            for file in files where try folder.remove(file) { report.removed(folder.abbreviated(file)) }
        }
        if let configuration {
            if !isForAll, report.isEmpty, !configuration.profileNames.contains(name) {
                _ = try configuration.profile(named: broker.profileName)
            }
            for profile in configuration.profileNames where isForAll || profile == name {
                report.keeps(profile, try? configuration.profile(named: profile), folder)
            }
        }
        var reply = Reply(output: report.text)
        if let trouble, isForAll || trouble.code != .config || report.isEmpty {
            reply.errors = trouble.text
            reply.status = trouble.code.exitStatus
        }
        return reply
    }
}

/// What `logout` says.
private struct LogoutReport {
    /// The one profile; `nil` for all of them.
    private let profile: String?
    private var done: [String] = []
    private var kept: [String] = []

    init(_ profile: String?) { self.profile = profile }

    /// Whether there was nothing to forget.
    var isEmpty: Bool { done.isEmpty }

    mutating func forgot(_ tokens: Int) {
        guard tokens > 0 else { return }
        done.append("Forgot \(tokens == 1 ? "a token" : "\(tokens) tokens") of \(profile ?? "all profiles").")
    }

    mutating func removed(_ file: String) { done.append("Removed \(quoted(file)).") }

    mutating func keeps(_ name: String, _ profile: Profile?, _ folder: SecretFolder?) {
        guard let profile else { return kept.append("Kept the \(Profile.title(of: name)).") }
        var sources: [String] = []
        for (key, list) in [(ConfigKey.clientSecret, profile.clientSecret), (.password, profile.password)] {
            let own = folder.map { SecretSource.file($0.path(of: key, in: name)) }
            sources += list.filter { $0 != own && $0 != .prompt }.map { "\($0)" }
        }
        let origin = quoted("\(profile.origin)")
        let place = folder?.abbreviated(origin) ?? origin
        kept.append("Kept the \(Profile.title(of: name)) (\(place)).")
        if !sources.isEmpty {
            kept.append("Kept its secret, which is not login's: \(sources.joined(separator: ", ")).")
        }
    }

    var text: String {
        let done = done.isEmpty ? ["Nothing was kept for \(profile ?? "any profile")."] : done
        return (done + kept).map { $0 + "\n" }.joined()
    }
}
