import Platform
import Profiles

/// The secrets of a profile, read from their sources when they are first needed.
struct ProfileSecrets {
    private let profile: Profile
    private let reader: SecretReader
    private let log: Log
    /// What a person has typed, by the secret's key.
    private var typed: [String: Secret] = [:]
    private var known: LoginSecrets?

    init(_ selection: Selection, _ deadline: Deadline) {
        let context = selection.context
        profile = selection.profile
        log = context.log
        reader = SecretReader(
            environment: context.environment, deadline: deadline,
            allowsInput: context.allowsInput && selection.request.allowsInput,
            secretVariables: selection.configuration.secretVariables,
            directories: selection.broker.directories, isSilent: context.log.level == .silent)
    }

    /// Whether a login needs nobody at the keyboard.
    mutating func areAtHand() -> Bool { (try? all()) != nil }

    /// All that a login needs.
    mutating func all() throws(Renewal.Interruption) -> LoginSecrets {
        if let known { return known }
        var secrets = LoginSecrets()
        secrets.clientSecret = try ofClient()
        if profile.grant == .password { secrets.password = try read(profile.password, "password") }
        known = secrets
        return secrets
    }

    /// What the client proves itself with, if it does.
    func ofClient() throws(Renewal.Interruption) -> Secret? {
        if let known { return known.clientSecret }
        return profile.clientSecret.isEmpty ? nil : try read(profile.clientSecret, "client-secret")
    }

    /// Takes what a person has typed.
    mutating func take(_ answer: Secret, for key: String) {
        typed[key] = answer
        known = nil
    }

    private func read(_ sources: [SecretSource], _ key: String) throws(Renewal.Interruption) -> Secret {
        let reading: SecretReading
        do throws(HelperError) {
            reading = try reader.read(sources, for: key, of: profile.name, answered: typed[key])
        } catch {
            throw .failed(error)
        }
        switch reading {
        case .secret(let secret, let source):
            log.debug("\(profile.title): \(key) from \(source)")
            return secret
        case .needsPrompt: throw .needsPrompt(key: key)
        }
    }
}
