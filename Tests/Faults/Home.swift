import Platform
import TestSupport

/// A user's account with two profiles, whose files can be put back into a known state.
///
/// `default` is a user with a refresh token, which is what the helper is tried with; `other` lies beside it, and its
/// token must neither change nor turn up elsewhere.
final class Home: Sendable {
    /// What the helper finds when it is called.
    enum State {
        /// Nothing is stored for the profile.
        case empty
        /// A token that has ended, and a refresh token.
        case ended
        /// A token that is good, but due to be renewed; and a refresh token.
        case aging
        /// The profile is not even configured.
        case unknown
    }

    static let lifetime: Milliseconds = 3_600_000
    /// How long an answer may take.
    static let deadline: Milliseconds = 8000

    let helper: Helper
    /// The client's name of the profile `default`; that of `other` has `-other` behind it.
    let client: String
    private let provider: RotatingProvider
    private let endpoint: String
    private let files: [String: [UInt8]]

    /// - Parameters:
    ///   - url: where the provider is.
    ///   - network: where that address leads there; `nil` for this process's network.
    init(
        client: String, _ provider: RotatingProvider, at url: String, in network: Network? = nil
    ) async throws {
        helper = try Helper(environment: ["BUTLR_TIMEOUT": "\(Home.deadline / 1000)s"])
        self.client = client
        self.provider = provider
        endpoint = "\(url)/token"
        try helper.config(Home.profile(client, endpoint) + Home.otherProfile(client, endpoint))
        for profile in ["default", "other"] {
            let call = helper.program(["--profile", profile, "get"])
            let result = try await (network?.inside(call) ?? call).run()
            if result.status != 0 { throw Unusable(outcome: result) }
        }
        var files: [String: [UInt8]] = [:]
        for name in try helper.home.files() { files[name] = try helper.home.readBytes(name) }
        self.files = files
    }

    struct Unusable: Error {
        let outcome: Program.Outcome
    }

    private static func profile(_ client: String, _ endpoint: String) -> String {
        """
        [profile "default"]
            provider = oauth2
            token-endpoint = \(endpoint)
            client-auth = none
            client-id = \(client)
            grant = password
            username = ada
            password = plain:secret

        """
    }

    private static func otherProfile(_ client: String, _ endpoint: String) -> String {
        """
        [profile "other"]
            provider = oauth2
            token-endpoint = \(endpoint)
            client-auth = post
            client-id = \(client)-other
            client-secret = plain:other

        """
    }

    // MARK: - Its files

    func restore(_ state: State) throws {
        var wanted = files.filter { state == .ended || state == .aging || !$0.key.contains("/default-") }
        if state == .unknown {
            wanted[Home.config] = Array(Home.otherProfile(client, endpoint).utf8)
        }
        let age = state == .ended ? 2 * Home.lifetime : Home.lifetime / 4 * 3
        for (name, contents) in wanted where name.contains("/default-") {
            switch name.split(separator: ".").last {
            case "token":
                wanted[name] = try changed(contents) { member in
                    guard ["issued", "obtained", "expires"].contains(member.name),
                        let time = member.value.integer
                    else { return member.value }
                    return .number(Double(time - age))
                }
            case "refresh":
                let token = provider.grantRefreshToken(to: client)
                wanted[name] = try changed(contents) {
                    $0.name == "refresh_token" ? .string(token) : $0.value
                }
            default: break
            }
        }
        for name in try helper.home.files() where wanted[name] == nil { try helper.home.remove(name) }
        try helper.home.remove(".config/butlr-credential/secrets")
        for (name, contents) in wanted { try helper.home.write(name, contents) }
        if state == .empty {
            // Those of `other` are made by its first call.
            for (name, _) in wanted where name.hasSuffix(".lock") { try helper.home.remove(name) }
            try helper.home.remove(".local")
        }
    }

    private func changed(
        _ contents: [UInt8], _ change: (JSON.Member) -> JSON
    ) throws -> [UInt8] {
        guard case .object(let members) = try JSON(parsing: contents) else { return contents }
        return Array(JSON.object(members.map { JSON.Member($0.name, change($0)) }).serialized.utf8)
    }

    static let config = ".config/butlr-credential/config"

    /// What is stored of the refresh token of `default`.
    func refreshToken() -> (text: String, isBeingRedeemed: Bool)? {
        guard let name = try? helper.stateFolder.files().first(where: { $0.hasSuffix(".refresh") }),
            let json = try? JSON(parsing: helper.stateFolder.readBytes(name)),
            let text = json["refresh_token"]?.string
        else { return nil }
        return (text, json["is_being_redeemed"]?.bool ?? false)
    }

    /// Files that only a writer at work should have.
    func temporaryFiles() throws -> [String] {
        try helper.home.files().filter {
            $0.hasSuffix(".new") || $0.hasSuffix(".butlr-new")
                || $0.hasSuffix(".lock") && $0.contains("config/")
        }
    }

    /// What is wrong with the stored files: a part of one, something of another profile's, or what is none of the
    /// store's.
    func faultsOfFiles() throws -> [String] {
        var faults: [String] = []
        for folder in [helper.cacheFolder, helper.stateFolder] {
            for name in try folder.files() where !name.hasSuffix(".new") {
                let contents = try folder.readBytes(name)
                switch name.split(separator: ".").last {
                case "lock" where contents.isEmpty: break
                case "key" where contents.count == 32: break
                case "token", "refresh", "failure":
                    guard let json = try? JSON(parsing: contents), json["version"] == 1,
                        json["identity"]?.string != nil
                    else {
                        faults.append("\(name) is torn")
                        continue
                    }
                    guard let token = json["access_token"]?.string else { continue }
                    let owner = name.hasPrefix("default-") ? client : "\(client)-other"
                    if AccessToken(token)?.client != owner { faults.append("\(name) has another's token") }
                default: faults.append("\(name) is left behind")
                }
            }
        }
        return faults
    }

    // MARK: - What it answers

    /// What is wrong with an answer of `get`; `nil` where nothing is.
    func fault(
        in outcome: Program.Outcome, ofProfile profile: String = "default", began: Timestamp
    ) -> String? {
        guard outcome.status == 0 else { return "no token: \(outcome)" }
        return fault(inAnswer: outcome.output, ofProfile: profile, began: began)
    }

    /// The same of what it printed.
    func fault(inAnswer text: String, ofProfile profile: String = "default", began: Timestamp) -> String? {
        let owner = profile == "other" ? "\(client)-other" : client
        guard let json = try? JSON(parsing: Array(text.utf8)), json["profile"]?.string == profile,
            let token = json["access_token"]?.string.flatMap(AccessToken.init)
        else { return "no answer: \(text)" }
        if token.client != owner { return "the token of \(token.client) for \(owner)" }
        if token.end <= began { return "a token that had ended" }
        return nil
    }
}
