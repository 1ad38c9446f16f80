import Platform
import TokenStore

/// Notices when a server refuses whatever token it is given, so that a wrong URL or a missing permission does not
/// make one login after the other.
struct Refusals {
    let clock: Clock

    /// Notes that a server refused the stored token.
    ///
    /// - Returns: why it is not to be replaced, for people; `nil` when it is.
    func note(_ token: StoredToken, _ store: borrowing LockedTokenStore) -> String? {
        let now = clock.now()
        var memory = store.store.failures()
        memory.rejections.removeAll { now - $0 >= FailureRules.period || $0 > now }
        if memory.rejections.count < FailureRules.refusals {
            guard now - token.obtained < FailureRules.youth else { return nil }
            memory.rejections.append(now)
            store.keep(memory)
        }
        guard memory.rejections.count >= FailureRules.refusals, let first = memory.rejections.first else {
            return nil
        }
        let wait = (FailureRules.period - (now - first)) / 1000 + 1
        return "the server refuses fresh tokens: \(FailureRules.refusals) in the last minute;"
            + " no new one is obtained for \(wait) s"
    }
}
