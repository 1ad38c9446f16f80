import Platform
import Profiles
import TokenStore

/// Renews a token in the background while it is still good, so that no caller waits for the network as long as the
/// provider is up.
public enum RenewAhead {
    /// The command that a process is started with for it; not one for people.
    public static let command = "renew-ahead"

    /// How long after one try the next may be made, where the token is still the old one.
    static let pause: Milliseconds = 10_000

    /// When a token that is still fresh is old enough: past two thirds of its life, or of a short-lived one, most of
    /// which is margin, past four fifths of the time in which it is fresh.
    static func due(_ token: StoredToken, _ use: TokenUse) -> Timestamp {
        let lifetime = (token.expiry(of: use) ?? token.expires) - token.issued
        let freshTime = lifetime - Freshness.margin(lifetime: lifetime)
        return token.issued + min(lifetime / 3 * 2, freshTime / 5 * 4)
    }
}

extension Selection {
    /// Starts a process that renews the token where that is due, unless one is at it, has just been, or the provider is
    /// in trouble.
    func beginRenewingAhead(_ token: StoredToken) {
        let (now, due) = (context.clock.now(), RenewAhead.due(token, profile.tokenUse))
        guard profile.renewAhead, request.allowsRenewingAhead, now > due else { return }
        let store = store
        guard store.failures().failure.map({ $0.until <= now }) ?? true else { return }
        // The last try may have failed in a way that is not remembered, or its token could not be kept.
        let last = store.lastRenewalAhead()
        if let last, last > due, last <= now, now - last < RenewAhead.pause { return }
        do {
            // Whoever has the lock is at it; and where no try can be noted, no token can be kept.
            guard let locked = store.attemptLock() else { return }
            // Another may have tried while the lock was asked for. Where there was no lock's file, asking made it.
            guard last == nil || store.lastRenewalAhead() == last, locked.noteRenewalAhead() else { return }
        }
        var arguments = ["butlr-credential", "--no-input", "--profile", profile.name]
        if let file = broker.directories.namedConfigFile { arguments += ["--config", file] }
        do throws(SystemError) {
            try startDetached(arguments + [RenewAhead.command], context.environment.entries)
            context.log.debug("\(profile.title): the token is renewed in the background")
        } catch {
            context.log.debug("\(profile.title): no background process: \(error)")
        }
    }

    /// What that process does: one brief try, if the token is still the old one and nobody else is at it.
    public func renewAhead() {
        guard profile.renewAhead, let token = store.token(),
            context.clock.now() > RenewAhead.due(token, profile.tokenUse)
        else { return }
        var renewal = Renewal(
            self, store: store,
            freshness: Freshness(
                use: profile.tokenUse, minimum: .max, rejected: nil, forcesRefresh: false,
                started: context.started),
            deadline: deadline)
        renewal.runWithoutWaiting()
    }
}

/// Starts this program anew, in a session of its own and with nothing of the caller's: not its pipes, of which the
/// caller may wait for the end, nor its terminal and process group.
private func startDetached(_ arguments: [String], _ environment: [Environment.Entry]) throws(SystemError) {
    var program = ChildProgram(try executablePath(), arguments, environment: environment)
    program.company = .session
    _ = try program.start()
}

private func executablePath() throws(SystemError) -> String {
    #if canImport(Darwin)
        var size: UInt32 = 0
        _NSGetExecutablePath(nil, &size)
        var path = [CChar](repeating: 0, count: Int(size))
        guard _NSGetExecutablePath(&path, &size) == 0 else { throw SystemError(ENOENT) }
        return String(decoding: path.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    #else
        return "/proc/self/exe"
    #endif
}
