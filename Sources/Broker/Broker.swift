import HTTP
import OAuth
import Platform
import Profiles
import TokenStore

/// Hands over credentials: from the store while they are fresh, else from the provider.
public struct Broker: Sendable {
    let context: Context
    /// Where the helper's files lie.
    public let directories: Directories
    let client: HTTPClient
    /// The profile to which every request is narrowed.
    public let profileName: String?

    /// - Parameters:
    ///   - configFile: the config file to read instead of the usual ones.
    ///   - profileName: the profile to which every request is narrowed.
    public init(_ context: Context, configFile: String?, profileName: String?, userAgent: String) {
        self.init(
            context, client: HTTPClient(userAgent: userAgent, log: context.log), configFile: configFile,
            profileName: profileName)
    }

    private init(_ context: Context, client: HTTPClient, configFile: String?, profileName: String?) {
        self.context = context
        self.client = client
        self.profileName = profileName
        directories = Directories(context.environment, configFile: configFile)
    }

    /// The credential that a tool asks for.
    ///
    /// - Throws: `no-profile` when no profile serves the URL, before any network or store is touched; else why no
    ///   token could be had.
    public func credential(for request: CredentialRequest) throws(HelperError) -> Credential {
        try selection(for: request).credential()
    }

    /// The profile that is to serve a request.
    ///
    /// - Throws: `no-profile` when there is none for the URL; `config` when the configuration is missing, wrong or
    ///   leaves the choice open.
    public func selection(for request: CredentialRequest) throws(HelperError) -> Selection {
        if let asked = request.profile, let profileName, asked != profileName {
            throw HelperError(
                .badRequest,
                "the request is for \(Profile.title(of: asked)), but this call is for \"\(quoted(profileName))\""
            )
        }
        let configuration = try configuration()
        context.log.trace(
            "config: \(configuration.files.isEmpty ? "no file" : configuration.files.joined(separator: ", "))"
        )
        let name = request.profile ?? profileName
        if request.isForAnyServer, configuration.isEmpty {
            throw HelperError(.noProfile, "no profile is configured", hint: "type: butlr-credential help")
        }
        let profile =
            if let url = request.url {
                try configuration.profile(serving: url, named: name)
            } else {
                try configuration.profile(named: name)
            }
        context.log.trace(
            profile.title
                + (request.url.map { " serves \($0.description)" } ?? " is taken, as no URL is named")
                + ", from \(profile.origin)")
        return Selection(broker: self, request: request, profile: profile, configuration: configuration)
    }

    /// Every profile, or the one to which requests are narrowed.
    ///
    /// - Throws: `config` when one of them cannot be read.
    public func profiles() throws(HelperError) -> [Profile] {
        let configuration = try configuration()
        if let profileName { return [try configuration.profile(named: profileName)] }
        var profiles: [Profile] = []
        for name in configuration.profileNames { profiles.append(try configuration.profile(named: name)) }
        return profiles
    }

    /// A broker for the next request of a long-lived caller: its time begins now.
    public func forNextRequest(profile: String?, configFile: String?) -> Broker {
        Broker(
            context.restarted, client: client, configFile: configFile ?? directories.namedConfigFile,
            profileName: profile ?? profileName)
    }

    /// The store of a profile's tokens.
    public func store(of profile: Profile) -> TokenStore {
        TokenStore(
            cache: directories.cache, state: directories.state, label: profile.name,
            identity: profile.identity)
    }

    static func fingerprint(of token: Secret) -> String {
        hexadecimal(sha256(Array(token.reveal().utf8)).prefix(16))
    }

    /// Everything that is configured.
    ///
    /// - Throws: `config` when a file cannot be read or is wrong as a whole.
    public func configuration() throws(HelperError) -> Configuration {
        try Configuration(environment: context.environment, directories: directories)
    }
}
