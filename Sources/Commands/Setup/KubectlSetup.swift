import Platform
import Profiles

/// kubectl: a user that asks the helper, written by `kubectl config`, for the clusters that a profile serves.
///
/// A context without a user gets this one. One that has a user keeps it: another context of the same cluster, whose
/// name ends in `-butlr`, stands beside it.
enum KubectlSetup: SetupTool {
    static let name = "kubectl"
    static let programs = ["kubectl"]

    static func file(_ site: SetupSite) throws(HelperError) -> String {
        let listed = site.environment.nonEmpty("KUBECONFIG")?.split(separator: ":").map(String.init) ?? []
        if let first = listed.first { return first }
        return try site.inHome(".kube/config")
    }

    static func adding(to contents: String?, _ site: SetupSite) throws(HelperError) -> String {
        let copy = try EditorCopy(contents, site)
        let kubectl = try Kubectl(copy.path, site)
        let config = try kubectl.view()
        let clusters = config.clusters.filter { site.serves($0.server) }
        guard !clusters.isEmpty else {
            let example = config.clusters.first?.server
            throw site.nothingToServe("cluster", in: try file(site), example: example) { url in
                "kubectl config set-cluster NAME --server=\(shellWord(url))"
            }
        }
        let user = user(site)
        if !config.hasUser(user, command: site.helper.path, arguments: arguments(site)) {
            if config.users.contains(where: { $0.name == user }) { try kubectl.run(["delete-user", user]) }
            try kubectl.run(
                [
                    "set-credentials", user, "--exec-api-version=client.authentication.k8s.io/v1",
                    "--exec-command=\(site.helper.path)", "--exec-interactive-mode=IfAvailable",
                    "--exec-provide-cluster-info=true",
                ] + arguments(site).map { "--exec-arg=\($0)" })
        }
        for cluster in clusters {
            let contexts = config.contexts.filter { $0.cluster == cluster.name }
            if contexts.contains(where: { $0.user == user }) { continue }
            if let bare = contexts.first(where: { config.isEmpty(user: $0.user) }) {
                try kubectl.run(["set-context", "--user=\(user)", "--", bare.name])
            } else {
                let name = "\(contexts.first?.name ?? cluster.name)-\(user)"
                try kubectl.run(["set-context", "--cluster=\(cluster.name)", "--user=\(user)", "--", name])
            }
        }
        return try kubectl.view() == config ? contents ?? "" : try copy.contents()
    }

    static func removing(from contents: String, _ site: SetupSite) throws(HelperError) -> String {
        let copy = try EditorCopy(contents, site)
        let kubectl = try Kubectl(copy.path, site)
        let config = try kubectl.view()
        let user = user(site)
        guard let found = config.users.first(where: { $0.name == user }),
            fileName(of: found.command ?? "") == HelperLocation.name
        else { return contents }
        for context in config.contexts where context.user == user {
            if context.name.hasSuffix("-\(user)") {
                try kubectl.run(["delete-context", "--", context.name])
            } else {
                try kubectl.run(["set-context", "--user=", "--", context.name])
            }
        }
        try kubectl.run(["delete-user", user])
        return try copy.contents()
    }

    static func helpers(in contents: String) -> [String] {
        let text = TextLines(contents)
        return text.lines.indices.compactMap { index in
            let line = text.content(index)
            guard line.hasPrefix("command:") else { return nil }
            let program = trimmed(line.dropFirst("command:".count)).filter { $0 != "\"" && $0 != "'" }
            return fileName(of: program) == HelperLocation.name ? program : nil
        }
    }

    static func notes(_ site: SetupSite) -> [SetupNote] {
        guard let path = try? file(site), let config = try? Kubectl(path, site).view() else { return [] }
        let own = config.contexts.filter { $0.user == user(site) }.map(\.name)
        guard let context = own.first, !own.contains(config.currentContext) else { return [] }
        return [
            SetupNote(
                "kubectl uses another context, or none. To have it use this one:",
                "kubectl config use-context \(shellWord(context))")
        ]
    }

    private static func user(_ site: SetupSite) -> String {
        site.profileName.map { "butlr-\($0)" } ?? "butlr"
    }

    private static func arguments(_ site: SetupSite) -> [String] { ["kubernetes"] + site.options }

    /// What a kubeconfig holds, as far as it matters here.
    private struct Config: Equatable {
        struct User: Equatable {
            let name: String
            let isEmpty: Bool
            let command: String?
            let arguments: [String]
        }
        let clusters: [(name: String, server: String)]
        let contexts: [(name: String, cluster: String, user: String)]
        let currentContext: String
        let users: [User]

        init(_ json: JSON) {
            clusters = (json["clusters"]?.array ?? []).compactMap {
                guard let name = $0["name"]?.string, let server = $0["cluster"]?["server"]?.string else {
                    return nil
                }
                return (name, server)
            }
            contexts = (json["contexts"]?.array ?? []).compactMap {
                guard let name = $0["name"]?.string, let context = $0["context"] else { return nil }
                return (name, context["cluster"]?.string ?? "", context["user"]?.string ?? "")
            }
            currentContext = json["current-context"]?.string ?? ""
            users = (json["users"]?.array ?? []).compactMap {
                guard let name = $0["name"]?.string else { return nil }
                let exec = $0["user"]?["exec"]
                return User(
                    name: name, isEmpty: $0["user"] == nil || $0["user"] == .object([]),
                    command: exec?["command"]?.string,
                    arguments: exec?["args"]?.array?.compactMap(\.string) ?? [])
            }
        }

        func hasUser(_ name: String, command: String, arguments: [String]) -> Bool {
            users.contains { $0.name == name && $0.command == command && $0.arguments == arguments }
        }

        /// Whether a user has no credentials, or is not there at all.
        func isEmpty(user name: String) -> Bool { users.first { $0.name == name }?.isEmpty ?? true }

        static func == (left: Config, right: Config) -> Bool {
            left.users == right.users && left.clusters.elementsEqual(right.clusters, by: ==)
                && left.contexts.elementsEqual(right.contexts, by: ==)
        }
    }

    /// `kubectl config` at work on one file.
    private struct Kubectl {
        let path: String
        let program: String
        let environment: [Environment.Entry]

        init(_ path: String, _ site: SetupSite) throws(HelperError) {
            self.path = path
            program = try requireProgram("kubectl", site.environment)
            environment = site.childEnvironment
        }

        func run(_ arguments: [String]) throws(HelperError) { _ = try call(arguments) }

        /// Secrets in it are left out by kubectl itself.
        func view() throws(HelperError) -> Config {
            let view = try call(["view", "-o", "json"], mergingErrors: false)
            guard let json = try? JSON(parsing: view) else {
                throw HelperError(.config, "kubectl cannot read its config", hint: "kubectl config view")
            }
            return Config(json)
        }

        private func call(_ arguments: [String], mergingErrors: Bool = true) throws(HelperError) -> [UInt8] {
            let result: (status: Int32, output: [UInt8])
            do throws(ChildProgram.Failure) {
                result = try runProgram(
                    program, ["--kubeconfig", path, "config"] + arguments, environment: environment,
                    mergingErrors: mergingErrors)
            } catch {
                throw HelperError(.config, "kubectl \(error)")
            }
            guard result.status == 0 else {
                let reason = quoted(String(decoding: result.output, as: UTF8.self))
                throw HelperError(.config, "kubectl config failed with status \(result.status): \(reason)")
            }
            return result.output
        }
    }
}
