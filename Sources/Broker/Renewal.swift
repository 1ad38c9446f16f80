import HTTP
import OAuth
import Platform
import Profiles
import TokenStore

/// Obtains a token for one profile: by one process at a time, while the others wait for what it gets.
struct Renewal {
    let context: Context
    let client: HTTPClient
    let directories: Directories
    let profile: Profile
    let store: TokenStore
    let freshness: Freshness
    let deadline: Deadline
    private var secrets: ProfileSecrets
    private var failures: PastFailures
    /// Whether it was said that the token cannot be kept.
    private var hasWarned = false

    typealias Outcome = (token: StoredToken, source: Credential.Source)

    /// Why the lock must be given up.
    enum Interruption: Error {
        case failed(HelperError)
        /// A person must be asked for the secret of this key, which may take long.
        case needsPrompt(key: String)
    }

    init(_ selection: Selection, store: TokenStore, freshness: Freshness, deadline: Deadline) {
        context = selection.broker.context
        client = selection.broker.client
        directories = selection.broker.directories
        profile = selection.profile
        self.store = store
        self.freshness = freshness
        self.deadline = deadline
        secrets = ProfileSecrets(selection, deadline)
        failures = PastFailures(
            of: profile, directories, clock: context.clock,
            countsEarlierOnes: !freshness.forcesRefresh)
    }

    mutating func run() throws(HelperError) -> Outcome {
        while true {
            do throws(Interruption) {
                return try waitForTurn()
            } catch {
                switch error {
                case .needsPrompt(let key):
                    let answer = try prompt(for: key, of: profile, directories, deadline: deadline)
                    secrets.take(answer, for: key)
                case .failed(let error):
                    // A token that still lives is better than none.
                    guard let spare = spare() else { throw error }
                    let notice = "\(error.message); the stored token is still good for a little"
                    if error.code == .temporaryFailure {
                        context.log.debug(notice)
                    } else {
                        context.log.warn(notice)
                    }
                    return (spare, .cache)
                }
            }
        }
    }

    /// Obtains a token if nobody else is at it and no person is needed; that it fails is noted in the failure
    /// memory.
    mutating func runWithoutWaiting() {
        guard let locked = store.attemptLock() else { return }
        _ = try? obtain(locked)
    }

    /// Waits for the lock, or for the token that its holder obtains.
    private mutating func waitForTurn() throws(Interruption) -> Outcome {
        let patience = tryDeadline
        var pause = Renewal.firstPause
        var request = store.requestLock()
        var notice: WaitingNotice?
        defer { notice?.end() }
        while true {
            if let locked = request.wait(until: patience.limited(to: pause)) {
                notice?.end()
                trace("has the lock")
                return try obtain(locked)
            }
            if pause == Renewal.firstPause { trace("another process has the lock") }
            if notice == nil {
                notice = context.notice(of: "another process's token request", until: patience)
            }
            if let token = store.token(), freshness.accepts(token, at: now) {
                trace("another process has obtained \(token.term(of: profile.tokenUse))")
                return (token, .cache)
            }
            guard !patience.hasPassed else {
                throw .failed(profile.isBusy)
            }
            pause = min(pause * 2, 40)
        }
    }

    private mutating func obtain(_ store: borrowing LockedTokenStore) throws(Interruption) -> Outcome {
        if let token = self.store.token() {
            if freshness.accepts(token, at: now) {
                trace("meanwhile another process has obtained \(token.term(of: profile.tokenUse))")
                return (token, .cache)
            }
            if let rejected = freshness.rejected, token.matches(rejected), freshness.isValid(token, at: now),
                let warning = Refusals(clock: context.clock).note(token, store)
            {
                context.log.warn("\(profile.title): \(warning)")
                return (token, .cache)
            }
        }
        try consultMemory(store)
        if let token = try refresh(store) { return (token, .refresh) }
        return (try login(store), .login)
    }

    // MARK: The two ways to a token

    private mutating func login(_ store: borrowing LockedTokenStore) throws(Interruption) -> StoredToken {
        let request = profile.loginRequest(try secrets.all())
        while true {
            trace("logs in at \(profile.server)")
            let response: TokenResponse
            do throws(TokenFailure) {
                response = try send(request)
            } catch {
                try waitBeforeAnotherTry(after: error, store)
                continue
            }
            if profile.grant == .password, let refreshToken = response.refreshToken {
                keep(store) { store throws(SystemError) in try store.keep(StoredRefreshToken(refreshToken)) }
            } else {
                store.removeRefreshToken()
            }
            return try accept(response, store)
        }
    }

    /// Redeems the stored refresh token.
    ///
    /// - Returns: `nil` when logging in is the better way, or the only one.
    private mutating func refresh(_ store: borrowing LockedTokenStore) throws(Interruption) -> StoredToken? {
        guard let refreshEndpoint = profile.refreshEndpoint, var stored = self.store.refreshToken() else {
            return nil
        }
        // This may take long, so it comes before the token is noted as sent; that it failed shows when it is sent.
        try? HTTPClient.load()
        if stored.isBeingRedeemed, secrets.areAtHand() { return nil }
        let clientSecret = try secrets.ofClient()
        var last: HelperError?
        while true {
            try checkTimeToRefresh(after: last)
            let redemption: Redemption
            do {
                redemption = try store.beginRedeeming(stored.refreshToken)
            } catch {
                return nil
            }
            let request = profile.refreshRequest(stored.refreshToken, at: refreshEndpoint, clientSecret)
            trace("redeems the refresh token at \(profile.server)")
            let response: TokenResponse
            do throws(TokenFailure) {
                response = try send(request)
            } catch {
                switch try next(after: error, of: stored, redemption, store) {
                case .again(let next): (stored, last) = (next, error.error)
                case .logIn: return nil
                }
                continue
            }
            let next = response.refreshToken ?? stored.refreshToken
            do { try redemption.finish(next) } catch {
                // The old one is spent: this one is worth another try, though no room was secured for it.
                keep(store) { store throws(SystemError) in try store.keep(StoredRefreshToken(next)) }
            }
            // OpenID Connect Core §12.2: a refresh need not bring a new ID token.
            if profile.tokenUse == .idToken, response.idToken == nil { return nil }
            return try accept(response, store)
        }
    }

    /// What comes after a refresh that brought no token.
    private enum Next {
        /// Another try, with this refresh token.
        case again(StoredRefreshToken)
        case logIn
    }

    /// - Throws: the failure, where there is nothing to do but to report it.
    private mutating func next(
        after failure: TokenFailure, of stored: StoredRefreshToken, _ redemption: consuming Redemption,
        _ store: borrowing LockedTokenStore
    ) throws(Interruption) -> Next {
        switch failure {
        case .notSent, .busy:
            if !stored.isBeingRedeemed { try? redemption.finish(stored.refreshToken) }
            try waitBeforeAnotherTry(after: failure, store)
            return .again(stored)
        case .lost:
            if secrets.areAtHand() { return .logIn }
            guard !stored.isBeingRedeemed else { try giveUp(after: failure, store) }
            return .again(StoredRefreshToken(stored.refreshToken, isBeingRedeemed: true))
        case .refused("invalid_grant", _):
            guard let other = self.store.refreshToken(), other.refreshToken != stored.refreshToken else {
                store.removeRefreshToken()
                return .logIn
            }
            return .again(other)
        case .refused(_, let reason):
            if reason.code != .temporaryFailure { try? redemption.finish(stored.refreshToken) }
            // The client itself is refused: a login would fare no better.
            if reason.code != .config, secrets.areAtHand() { return .logIn }
            try giveUp(after: failure, store)
        }
    }

    /// An answer that came too late would be lost, and the refresh token with it.
    private func checkTimeToRefresh(after last: HelperError?) throws(Interruption) {
        if tryDeadline.remaining >= Renewal.leastTimeToRefresh { return }
        if let last, last.code == .temporaryFailure {
            throw .failed(failures.explained(last, retryingIn: 1000))
        }
        throw .failed(
            HelperError(
                .temporaryFailure,
                "\(profile.title): there is no time left to ask \(profile.server)", retryAfter: 1))
    }

    /// Keeps a response's tokens.
    private mutating func accept(
        _ response: TokenResponse, _ store: borrowing LockedTokenStore
    ) throws(Interruption) -> StoredToken {
        var token = StoredToken(response, for: profile)
        guard let expiry = token.expiry(of: profile.tokenUse) else {
            try giveUp(after: .lost(profile.noIDToken), store)
        }
        trace("the answer is \(token.term(of: profile.tokenUse))")
        var memory = self.store.failures()
        if memory.failure != nil {
            memory.failure = nil
            store.keep(memory)
        }
        if expiry > now {
            keep(store) { store throws(SystemError) in try store.keep(token) }
        } else {
            // Over as soon as it came: good for this one answer, if for anything.
            try? store.removeToken()
            let soon = Timestamp(seconds: now.seconds + 2)
            token.expires = soon
            token.idTokenExpires = token.idTokenExpires.map { _ in soon }
        }
        return token
    }

    // MARK: The store

    private mutating func keep(
        _ store: borrowing LockedTokenStore,
        _ write: (borrowing LockedTokenStore) throws(SystemError) -> Void
    ) {
        do { try write(store) } catch { warnNotKept(error) }
    }

    private mutating func warnNotKept(_ error: SystemError) {
        if !hasWarned {
            let isHomeless = directories.cache == nil || directories.state == nil
            let reason = isHomeless ? "HOME is not set" : obstacle(error)
            context.log.warn("\(profile.title): the token cannot be kept: \(reason)")
        }
        hasWarned = true
    }

    // MARK: Failures

    /// Gives the answer that another process has got lately, where asking again would bring the same.
    private mutating func consultMemory(_ store: borrowing LockedTokenStore) throws(Interruption) {
        guard !freshness.forcesRefresh, let failure = failures.latest(in: store, &secrets) else { return }
        trace("the failure of \(failure.at.rfc3339) counts until \(failure.until.rfc3339)")
        var error = failure.error
        guard error.code == .temporaryFailure else { throw .failed(error) }
        let wait = failure.until - now
        if spare() == nil, FailureRules.isWorthWaiting(wait, for: error, deadline) { return sleep(wait) }
        error.retryAfter = Int((wait + 999) / 1000)
        throw .failed(error)
    }

    /// Remembers a failure and waits until another try makes sense.
    ///
    /// - Throws: the failure, when that would take too long or be of no use.
    private mutating func waitBeforeAnotherTry(
        after failure: TokenFailure, _ store: borrowing LockedTokenStore
    ) throws(Interruption) {
        let error = failure.error
        let wait = failures.remember(failure, in: store, &secrets)
        guard error.code == .temporaryFailure, let wait, spare() == nil,
            FailureRules.isWorthWaiting(wait, for: error, deadline)
        else { throw .failed(failures.explained(error, retryingIn: wait)) }
        sleep(wait)
    }

    /// Remembers a failure after which there is no other try.
    private mutating func giveUp(
        after failure: TokenFailure, _ store: borrowing LockedTokenStore
    ) throws(Interruption) -> Never {
        let wait = failures.remember(failure, in: store, &secrets)
        throw .failed(failures.explained(failure.error, retryingIn: wait))
    }

    private func trace(_ message: @autoclosure () -> String) {
        context.log.trace("\(profile.title): \(message())")
    }

    // MARK: Time

    /// How soon it is looked for a token that the lock's holder may have obtained, the first time.
    private static var firstPause: Milliseconds { 5 }

    private var now: Timestamp { context.clock.now() }

    /// The stored token, where it is still valid though it should be renewed.
    private func spare() -> StoredToken? {
        store.token().flatMap { freshness.acceptsAsSpare($0, at: now) ? $0 : nil }
    }

    /// How long one try may take: a brief one where there is a spare token, so that nobody waits for a provider
    /// that is down.
    private var tryDeadline: Deadline { spare() == nil ? deadline : deadline.limited(to: Renewal.briefTry) }

    private static var briefTry: Milliseconds { 5000 }

    /// Few providers take longer.
    private static var leastTimeToRefresh: Milliseconds { 500 }

    /// Asks once for a token, and says so where that takes long.
    private func send(_ request: TokenRequest) throws(TokenFailure) -> TokenResponse {
        let deadline = tryDeadline
        let notice = context.notice(of: profile.server, until: deadline)
        defer { notice?.end() }
        return try profile.endpoint(client, context.clock).send(request, deadline)
    }

    private func sleep(_ wait: Milliseconds) {
        let notice = context.notice(
            of: "the next try at \(profile.server)", until: deadline.limited(to: wait))
        defer { notice?.end() }
        deadline.sleep(wait)
    }
}

extension TokenRequest.Format {
    init(_ format: RequestFormat) { self = format == .json ? .json : .form }
}
