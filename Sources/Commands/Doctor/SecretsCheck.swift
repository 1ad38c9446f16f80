import Platform
import Profiles

extension Patient {
    /// Where each secret comes from: every source that is tried, and the one that answers.
    func checkSecrets() -> [Finding] {
        profiles.flatMap { profile in
            check(profile.clientSecret, "client-secret", of: profile)
                + (profile.grant == .password ? check(profile.password, "password", of: profile) : [])
        }
    }

    private func check(_ sources: [SecretSource], _ key: String, of profile: Profile) -> [Finding] {
        if sources.isEmpty { return [] }
        let reader = SecretReader(
            environment: context.environment, deadline: Deadline(in: profile.timeout ?? Profile.usualTimeout),
            allowsInput: false, secretVariables: configuration?.secretVariables ?? [],
            directories: directories)
        var tried: [String] = []
        for source in sources {
            if source == .prompt {
                return [.ok(sentence(profile, key, "a person is asked for it", after: tried))]
            }
            do throws(SecretReader.Unavailable) {
                _ = try reader.secret(from: source)
                let found = Finding.ok(sentence(profile, key, "from \(source)", after: tried))
                if case .file(let path) = source { return [found] + checkWay(to: absolutePath(path)) }
                return [found]
            } catch {
                let reason = "\(source) \(error.reason)"
                // Where a file is not safe, no other source is tried.
                if let refusal = error.refusal {
                    return [.fail(.config, sentence(profile, key, reason, after: tried), mend: refusal)]
                }
                tried.append(reason)
            }
        }
        return [
            .fail(
                .config, sentence(profile, key, "there is none", after: tried),
                mend: directories.remedy(for: sources, of: profile.name))
        ]
    }

    private func sentence(_ profile: Profile, _ key: String, _ end: String, after tried: [String]) -> String {
        "\(profile.title): \(key): " + (tried + [end]).joined(separator: "; ")
    }
}
