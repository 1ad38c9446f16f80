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
        var count = 0
        for store in stores {
            let notice = context.notice(
                of: "another process's token request", until: Deadline(in: 10_000))
            defer { notice?.end() }
            guard let locked = lock(store, Deadline(in: 10_000)) else {
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
}
