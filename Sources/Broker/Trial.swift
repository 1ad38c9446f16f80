import OAuth
import Platform
import Profiles

/// One login whose token is not kept: to see whether a profile works.
public struct Trial: Sendable {
    /// How long the token lives.
    public let lifetime: Milliseconds
    /// How long the answer took.
    public let duration: Milliseconds
    /// How far the provider's clock is ahead of this one, where its `Date` says so.
    public let clockDifference: Milliseconds?
}

extension Selection {
    /// Logs in once, whatever is stored, locked or remembered, and leaves all of that as it is. Asks nobody.
    ///
    /// - Throws: why a secret cannot be had or what the provider answered, as ``credential()`` does.
    public func tryOut() throws(HelperError) -> Trial {
        let deadline = context.restarted.deadline(profile.timeout ?? request.timeout)
        let reader = SecretReader(
            environment: context.environment, deadline: deadline, allowsInput: false,
            secretVariables: configuration.secretVariables, directories: broker.directories)
        var secrets = LoginSecrets()
        if !profile.clientSecret.isEmpty {
            secrets.clientSecret = try read(profile.clientSecret, "client-secret", reader)
        }
        if profile.grant == .password { secrets.password = try read(profile.password, "password", reader) }
        do throws(TokenFailure) {
            let response = try profile.endpoint(broker.client, context.clock)
                .send(profile.loginRequest(secrets), deadline)
            return Trial(
                lifetime: response.lifetime, duration: response.received - response.requested,
                clockDifference: response.clockDifference)
        } catch {
            throw error.error
        }
    }

    private func read(
        _ sources: [SecretSource], _ key: String, _ reader: SecretReader
    ) throws(HelperError) -> Secret? {
        guard
            case .secret(let secret, _) = try reader.read(sources, for: key, of: profile.name, answered: nil)
        else { return nil }
        return secret
    }
}
