import Broker
import OAuth
import Platform
import Profiles

/// What came of one real request.
struct TrialOutcome {
    let profile: Profile
    let result: Result<FreshLogin, HelperError>
}

extension Patient {
    /// One real request for each profile.
    func tryOut() -> [TrialOutcome] {
        profiles.map { profile in
            var result: Result<FreshLogin, HelperError>
            do throws(HelperError) {
                result = .success(try broker.logIn(with: profile, given: [:]))
            } catch {
                result = .failure(error)
            }
            return TrialOutcome(profile: profile, result: result)
        }
    }

    /// What the providers said.
    func checkProvider(_ trials: [TrialOutcome]) -> [Finding] {
        trials.map { trial in
            switch trial.result {
            case .success(let success):
                .ok(
                    "\(trial.profile.title): a token for \(spoken(success.expires - success.issued)), after \(success.duration) ms"
                )
            case .failure(let error):
                .fail(
                    error.code, "\(trial.profile.title): \(error.message)", mend: mend(error, trial.profile))
            }
        }
    }

    /// The command that mends what a request for a token failed with.
    func mend(_ error: HelperError, _ profile: Profile) -> String? {
        switch error.code {
        case .credentialsRejected: return login(profile)
        case .config:
            // The library, the certificates and the proxy were looked at before.
            if error.hint == TokenEndpoint.unusableHint { return nil }
            // A hint comes with a secret's file; what else is wrong here is what the provider does not accept.
            return error.hint ?? login(profile)
        case .tlsError: return set("ca-file", of: profile, to: knownAuthorities ?? "/path/to/ca.pem")
        case .temporaryFailure:
            let way = TokenEndpoint.way(profile.proxy)
            let isProxied = !way.isEmpty && error.message.utf8.holds(Array(way.utf8))
            return (isProxied ? set("proxy", of: profile, to: nil) : nil) ?? retry(profile)
        case .providerError: return mendEndpoint(profile)
        default: return error.hint
        }
    }

    /// The certificates that this person's other programs are told to trust.
    private var knownAuthorities: String? {
        let variables = [
            "CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS",
        ]
        return variables.compactMap(context.environment.absolutePath).first { access($0, R_OK) == 0 }
    }

    /// The command that sets the address right, as far as it can be told.
    private func mendEndpoint(_ profile: Profile) -> String? {
        guard profile.provider.baseURL != nil, let base = profile.urls.first else {
            return set("token-endpoint", of: profile, to: "https://HOST/PATH")
        }
        // The base URL ends with the host: what is often put there is the endpoint's own path.
        let value = base.hasPath ? base.origin : nil
        return set("base-url", of: profile, to: value)
            ?? value.map { "export BUTLR_BASE_URL=\(shellWord($0))" } ?? "unset BUTLR_BASE_URL"
    }
}
