import Platform
import Profiles
import TokenStore

extension Broker {
    /// Forgets all tokens, refresh tokens and failures that were kept under a profile's name, whatever config
    /// file or settings they were for.
    ///
    /// - Parameter profileNamed: the profile, which need not be defined any more; `nil` for all there are.
    /// - Returns: how many tokens and refresh tokens that were.
    /// - Throws: `io-error` where something cannot be removed; `temporary-failure` while another process
    ///   obtains a token for it.
    public func forget(profileNamed name: String?) throws(HelperError) -> Int {
        let stores = TokenStore.all(cache: directories.cache, state: directories.state) { identity in
            guard let name else { return true }
            return identity?.utf8.starts(with: Profile.identityPrefix(ofName: name).utf8) ?? false
        }
        let deadline = Deadline(in: Broker.patience)
        let notice = context.notice(of: "another process's token request", until: deadline)
        defer { notice?.end() }
        var count = 0
        for store in stores {
            guard let locked = lock(store, deadline) else {
                throw HelperError(
                    .temporaryFailure, "another process is obtaining a token and has not finished",
                    retryAfter: 1)
            }
            count += (store.token() == nil ? 0 : 1) + (store.refreshToken() == nil ? 0 : 1)
            do throws(SystemError) { try locked.removeEverything() } catch {
                throw HelperError(.ioError, "stored tokens cannot be removed: \(error)")
            }
        }
        return count
    }

    /// How long all who are at work just now are given to finish.
    private static var patience: Milliseconds { 10_000 }
}
