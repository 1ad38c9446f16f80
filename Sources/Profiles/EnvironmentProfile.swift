import Platform

/// The profile `default` as environment variables give it, where no config file defines one.
struct EnvironmentProfile: Sendable {
    static let name = "default"

    let settings: [ProfileReader.Setting]

    /// - Returns: `nil` where the variables are not there, or only one of a pair is.
    init?(_ environment: Environment) {
        var settings: [ProfileReader.Setting] = []
        func add(_ key: ConfigKey, _ value: String?, _ variable: String) {
            if let value {
                settings.append(ProfileReader.Setting(key: key, value: value, origin: .variable(variable)))
            }
        }
        let client = environment.nonEmpty("BUTLR_CLIENT_ID")
        let user = environment.nonEmpty("BUTLR_USERNAME")
        if client != nil, environment.nonEmpty("BUTLR_CLIENT_SECRET") != nil {
            add(.clientID, client, "BUTLR_CLIENT_ID")
            add(.clientSecret, "env:BUTLR_CLIENT_SECRET", "BUTLR_CLIENT_SECRET")
            add(.audience, environment.nonEmpty("BUTLR_AUDIENCE"), "BUTLR_AUDIENCE")
        } else if user != nil, environment.nonEmpty("BUTLR_PASSWORD") != nil {
            // Butlr's password login has no audience, and a variable that is set for others does no harm.
            add(.username, user, "BUTLR_USERNAME")
            add(.password, "env:BUTLR_PASSWORD", "BUTLR_PASSWORD")
        } else {
            return nil
        }
        add(.baseURL, environment.nonEmpty("BUTLR_BASE_URL"), "BUTLR_BASE_URL")
        let urls = environment.nonEmpty("BUTLR_URLS") ?? ""
        for url in urls.utf8.split(whereSeparator: { $0.isBlank || $0 == .newline }) {
            add(.url, String(Substring(url)), "BUTLR_URLS")
        }
        self.settings = settings
    }
}

extension Environment {
    /// Which variable of a pair that makes a profile is missing beside the other one, as a sentence.
    public var missingHalfOfPair: String? {
        for (first, second) in [
            ("BUTLR_CLIENT_ID", "BUTLR_CLIENT_SECRET"), ("BUTLR_USERNAME", "BUTLR_PASSWORD"),
        ] {
            let isSet = (nonEmpty(first) != nil, nonEmpty(second) != nil)
            if isSet == (true, false) { return "\(first) is set, but \(second) is not" }
            if isSet == (false, true) { return "\(second) is set, but \(first) is not" }
        }
        return nil
    }
}
