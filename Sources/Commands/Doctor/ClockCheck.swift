import Broker
import OAuth
import Platform
import Profiles
import TokenStore

extension Patient {
    /// More than this is a wrong clock, rather than a slow network.
    private static let tolerance: Milliseconds = 60_000

    /// This clock against the providers': what they say now or, without a request, what stored tokens tell.
    func checkClock(_ trials: [TrialOutcome]) -> [Finding] {
        var findings: [Finding] = []
        for trial in trials {
            guard case .success(let success) = trial.result, let difference = success.clockDifference else {
                continue
            }
            findings.append(finding(difference, "the provider's clock", trial.profile))
        }
        if trials.isEmpty {
            for profile in profiles {
                guard let token = broker.store(of: profile).token() else { continue }
                if token.issued - context.clock.now() > Patient.tolerance {
                    findings.append(
                        .fail(
                            .config,
                            "\(profile.title): the stored token is from the future: this clock was set back",
                            mend: Patient.setClock))
                } else if let issued = JSONWebToken(token.accessToken)?.issued {
                    let difference = Timestamp(seconds: issued) - token.issued
                    findings.append(
                        finding(difference, "when the token was issued, the provider's clock", profile))
                }
            }
        }
        return findings.isEmpty
            ? [.ok("nothing to compare this clock with; --online asks the provider")] : findings
    }

    private func finding(_ difference: Milliseconds, _ whose: String, _ profile: Profile) -> Finding {
        guard abs(difference) > Patient.tolerance else {
            return .ok("\(profile.title): this clock and the provider's agree")
        }
        let direction = difference > 0 ? "ahead of" : "behind"
        return .fail(
            .config, "\(profile.title): \(whose) is \(spoken(abs(difference))) \(direction) this one",
            mend: Patient.setClock)
    }

    private static var setClock: String {
        #if os(Linux)
            "timedatectl set-ntp true"
        #else
            "sudo sntp -sS time.apple.com"
        #endif
    }
}
