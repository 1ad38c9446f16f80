import OAuth
import Platform
import Profiles
import TokenStore

/// What has gone wrong for a profile, here and in other processes, and for how long that counts.
struct PastFailures {
    private let profile: Profile
    private let directories: Directories
    private let clock: Clock
    private let countsEarlierOnes: Bool
    private var inARow = 0

    /// - Parameter countsEarlierOnes: whether a failure makes a row with those before this process.
    init(of profile: Profile, _ directories: Directories, clock: Clock, countsEarlierOnes: Bool) {
        self.profile = profile
        self.directories = directories
        self.clock = clock
        self.countsEarlierOnes = countsEarlierOnes
    }

    private var now: Timestamp { clock.now() }

    /// The last failure, where asking again would bring the same.
    func latest(
        in store: borrowing LockedTokenStore, _ secrets: inout ProfileSecrets
    ) -> FailureMemory.Failure? {
        guard var failure = store.store.failures().failure, failure.at - now <= 60_000, failure.until > now,
            failure.fingerprint == fingerprint(for: failure.error, store, &secrets)
        else { return nil }
        failure.error.hint = failure.error.hint ?? hint(failure.error)
        return failure
    }

    /// - Returns: for how long the failure is remembered, if it is.
    mutating func remember(
        _ failure: TokenFailure, in store: borrowing LockedTokenStore, _ secrets: inout ProfileSecrets
    ) -> Milliseconds? {
        let error = failure.error
        // What this machine's own set-up prevents is tried again as soon as it may have been mended.
        if case .notSent = failure, error.code != .temporaryFailure { return nil }
        inARow += 1
        var memory = store.store.failures()
        let fingerprint = fingerprint(for: error, store, &secrets)
        if let last = memory.failure, countsEarlierOnes, last.error.code == error.code,
            last.fingerprint == fingerprint, now - last.until < FailureRules.recollection
        {
            inARow = max(inARow, last.count + 1)
        }
        guard let window = FailureRules.window(error, count: inARow) else { return nil }
        if let fingerprint {
            // What to type depends on the config file that a call reads.
            var kept = explained(error, retryingIn: nil)
            kept.hint = error.hint
            memory.failure = .init(
                error: kept, at: now, until: now + window, count: inARow, fingerprint: fingerprint)
            store.keep(memory)
        }
        return window
    }

    /// The failure as a caller is told of it.
    func explained(_ error: HelperError, retryingIn wait: Milliseconds?) -> HelperError {
        var error = error
        error.message = "\(profile.title): \(error.message)"
        if error.code == .temporaryFailure, let wait { error.retryAfter = Int((wait + 999) / 1000) }
        error.hint = error.hint ?? hint(error)
        return error
    }

    /// What to type where the provider refuses, or where something else answers in its place.
    private func hint(_ error: HelperError) -> String? {
        switch error.code {
        case .credentialsRejected, .config:
            let keys = profile.grant == .password ? "username and password" : "client-id and client-secret"
            return "check \(keys) (\(profile.origin)), or give others: "
                + directories.commandLine("login", profile: profile.name)
        case .providerError:
            return "this says more: " + directories.commandLine("doctor --online", profile: profile.name)
        default: return nil
        }
    }

    /// What a failure depends on: a busy server on the settings alone, everything else on the secrets too.
    private func fingerprint(
        for error: HelperError, _ store: borrowing LockedTokenStore, _ secrets: inout ProfileSecrets
    ) -> String? {
        var text = profile.settings
        if error.code != .temporaryFailure {
            guard let secrets = try? secrets.all() else { return nil }
            for secret in [secrets.clientSecret, secrets.password] {
                text += "\n" + (secret.map { String($0.reveal().utf8.count) + ":" + $0.reveal() } ?? "-")
            }
        }
        return store.keyedHash(text)
    }
}
