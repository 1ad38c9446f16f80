import Platform

/// The files of one identity: its access token under the cache folder, its refresh token, failure memory and
/// lock under the state folder.
public struct TokenStore: Sendable {
    fileprivate let cache: PrivateFolder?
    let state: PrivateFolder?
    fileprivate let identity: String
    private let stem: String

    /// - Parameters:
    ///   - cache: the folder for access tokens; `nil` where there is none.
    ///   - state: the folder for everything else; `nil` where there is none.
    ///   - label: what a person finds the files by; need not be unique.
    ///   - identity: everything that makes a difference to which token is the right one.
    public init(cache: String?, state: String?, label: String, identity: String) {
        self.cache = cache.map(PrivateFolder.init)
        self.state = state.map(PrivateFolder.init)
        self.identity = identity
        // The label need not be unique; the hash is.
        let hash = hexadecimal(sha256(Array(identity.utf8)).prefix(12))
        stem = fileNameEncoded(label) + "-" + hash
    }

    fileprivate var tokenName: String { stem + ".token" }
    fileprivate var refreshTokenName: String { stem + ".refresh" }
    fileprivate var failureName: String { stem + ".failure" }
    /// Of this identity alone, because only this identity's lock guards it.
    fileprivate var keyName: String { stem + ".key" }
    var lockName: String { stem + ".lock" }

    /// The stored token, read without a lock: it is only ever replaced as a whole.
    public func token() -> StoredToken? {
        cache?.read(tokenName).flatMap { StoredToken(contents: $0, for: identity) }
    }

    /// The stored refresh token.
    public func refreshToken() -> StoredRefreshToken? {
        state?.read(refreshTokenName).flatMap { StoredRefreshToken(contents: $0, for: identity) }
    }

    /// What has gone wrong lately; empty where nothing has.
    public func failures() -> FailureMemory {
        state?.read(failureName).flatMap { FailureMemory(contents: $0, for: identity) } ?? FailureMemory()
    }

    /// When somebody last began to renew the token ahead; where nobody has, when the lock's file was made.
    public func lastRenewalAhead() -> Timestamp? {
        var status = stat()
        guard let state, lstat("\(state.path)/\(lockName)", &status) == 0 else { return nil }
        return status.changed
    }

    /// Asks for the lock, which may take a while.
    public func requestLock() -> LockRequest { LockRequest(self, waits: true) }

    /// Takes the lock if nobody else has it.
    ///
    /// - Returns: `nil` where another process has it, or where that cannot be told soon. Where there can be no lock,
    ///   a store that keeps nothing.
    public func attemptLock() -> LockedTokenStore? {
        // On this machine it is told at once, and by a server that is well before anybody notices.
        var request = LockRequest(self, waits: false)
        return request.wait(until: Deadline(in: 200))
    }
}

/// A lock that is wanted, and asked for as long as this exists.
public struct LockRequest: ~Copyable {
    private let store: TokenStore
    private var lock: FileLock?
    private let obstacle: SystemError?

    fileprivate init(_ store: TokenStore, waits: Bool) {
        self.store = store
        do throws(SystemError) {
            guard let state = store.state else { throw SystemError(ENOENT) }
            lock = try FileLock(store.lockName, in: state, waits: waits)
            obstacle = nil
        } catch {
            lock = nil
            obstacle = error
        }
    }

    /// Waits for the lock, at most until the deadline.
    ///
    /// - Returns: `nil` while another process holds it. Where there can be no lock, such as on a read-only disk, a
    ///   store that keeps nothing.
    public mutating func wait(until deadline: Deadline) -> LockedTokenStore? {
        guard var lock = lock.take() else {
            return LockedTokenStore(store, unlockableBecause: obstacle ?? SystemError(EBADF))
        }
        do throws(SystemError) {
            if try lock.wait(until: deadline) { return LockedTokenStore(store, lock) }
        } catch {
            return LockedTokenStore(store, unlockableBecause: error)
        }
        self.lock = consume lock
        return nil
    }
}

extension TokenStore {
    private init(cache: PrivateFolder?, state: PrivateFolder?, identity: String, stem: String) {
        self.cache = cache
        self.state = state
        self.identity = identity
        self.stem = stem
    }

    /// Every store of which there is a file.
    ///
    /// - Parameter isWanted: whether the store of that identity is meant; it is `nil` where no file of the
    ///   store can be read.
    public static func all(
        cache: String?, state: String?, where isWanted: (_ identity: String?) -> Bool
    ) -> [TokenStore] {
        let folders = [cache, state].map { $0.map(PrivateFolder.init) }
        var stems: Set<String> = []
        var identities: [String: String] = [:]
        for folder in folders.compactMap(\.self) {
            for name in names(in: folder.path) {
                guard let stem = stem(of: name) else { continue }
                stems.insert(stem)
                let file = folder.read(name).flatMap { try? JSON(parsing: $0) }
                if let identity = file?["identity"]?.string { identities[stem] = identity }
            }
        }
        return stems.filter { isWanted(identities[$0]) }.sorted().map { stem in
            TokenStore(
                cache: folders[0], state: folders[1], identity: identities[stem] ?? "", stem: stem)
        }
    }

    /// What stands before the ending of a store's file; `nil` for any other file, and for a lock, which
    /// stays.
    private static func stem(of name: String) -> String? {
        for ending in [".token", ".refresh", ".failure", ".key"] {
            for end in [ending, ending + ".new"] where name.hasSuffix(end) {
                return String(name.dropLast(end.count))
            }
        }
        return nil
    }
}

/// A store whose lock this process holds: the only way to change what is in it.
///
/// Without a lock nothing may be changed: then everything that would is refused with the reason.
public struct LockedTokenStore: ~Copyable {
    public let store: TokenStore
    private let lock: FileLock?
    private let obstacle: SystemError?

    fileprivate init(_ store: TokenStore, _ lock: consuming FileLock) {
        self.store = store
        self.lock = consume lock
        obstacle = nil
    }

    fileprivate init(_ store: TokenStore, unlockableBecause obstacle: SystemError) {
        self.store = store
        lock = nil
        self.obstacle = obstacle
    }

    private func writable(_ folder: PrivateFolder?) throws(SystemError) -> PrivateFolder {
        if let obstacle { throw obstacle }
        guard let folder else { throw SystemError(ENOENT) }
        return folder
    }

    /// Keeps an access token. It need not survive a power failure: a lost one costs a request.
    public func keep(_ token: StoredToken) throws(SystemError) {
        try writable(store.cache).replacement(for: store.tokenName)
            .commit(token.contents(for: store.identity), durably: false)
    }

    /// Notes that the token is about to be renewed ahead: as the time of the lock's file, for which a full disk has room.
    ///
    /// - Returns: whether that could be noted.
    public func noteRenewalAhead() -> Bool {
        guard let state = try? writable(store.state) else { return false }
        return utimensat(AT_FDCWD, "\(state.path)/\(store.lockName)", nil, AT_SYMLINK_NOFOLLOW) == 0
    }

    /// - Throws: why the token is still there.
    public func removeToken() throws(SystemError) { try writable(store.cache).remove(store.tokenName) }

    /// Keeps a refresh token, safe from a power failure.
    public func keep(_ refreshToken: StoredRefreshToken) throws(SystemError) {
        try writable(store.state).replacement(for: store.refreshTokenName)
            .commit(refreshToken.contents(for: store.identity), durably: true)
    }

    public func removeRefreshToken() { try? writable(store.state).remove(store.refreshTokenName) }

    /// Keeps what has gone wrong. That it cannot be written is no failure of its own.
    public func keep(_ failures: FailureMemory) {
        if failures.isEmpty {
            try? writable(store.state).remove(store.failureName)
        } else if let replacement = try? writable(store.state).replacement(for: store.failureName) {
            try? replacement.commit(failures.contents(for: store.identity), durably: false)
        }
    }

    /// Notes that the refresh token is about to be redeemed, after making sure that there is room on the disk
    /// for the one that will come in its place.
    public func beginRedeeming(_ refreshToken: Secret) throws(SystemError) -> Redemption {
        try keep(StoredRefreshToken(refreshToken, isBeingRedeemed: true))
        do {
            let room = try writable(store.state).replacement(
                for: store.refreshTokenName, reserving: Redemption.room)
            return Redemption(room, identity: store.identity)
        } catch {
            try keep(StoredRefreshToken(refreshToken))
            throw error
        }
    }

    /// Removes all that is stored, and what a process left that was ended while it wrote.
    ///
    /// - Throws: why something is still there.
    public func removeEverything() throws(SystemError) {
        for (folder, name) in [
            (store.cache, store.tokenName), (store.state, store.refreshTokenName),
            (store.state, store.failureName), (store.state, store.keyName),
        ] {
            guard let folder, folder.exists else { continue }
            for name in [name, name + ".new"] { try writable(folder).remove(name) }
        }
    }

    /// A hash of `text` that says nothing about it without a random key, which is made when it is missing.
    ///
    /// - Returns: `nil` when there can be no key, so that nothing can be recognised again.
    public func keyedHash(_ text: String) -> String? {
        guard let state = try? writable(store.state) else { return nil }
        var key = state.read(store.keyName)
        if key?.count != 32 {
            guard let replacement = try? state.replacement(for: store.keyName) else { return nil }
            try? replacement.commit(randomBytes(32), durably: false)
            key = state.read(store.keyName)
        }
        guard let key, key.count == 32 else { return nil }
        return hexadecimal(hmacSHA256(key: key, Array(text.utf8)))
    }
}

/// A refresh token on its way to the provider, with room on the disk for its successor.
public struct Redemption: ~Copyable {
    /// Refresh tokens of several kilobytes exist; nothing is known of longer ones.
    static let room = 32 << 10

    private let replacement: Replacement
    private let identity: String

    fileprivate init(_ replacement: consuming Replacement, identity: String) {
        self.replacement = replacement
        self.identity = identity
    }

    /// Keeps what came back, or the token itself where it is still good, safe from a power failure.
    public consuming func finish(_ refreshToken: Secret) throws(SystemError) {
        try replacement.commit(StoredRefreshToken(refreshToken).contents(for: identity), durably: true)
    }
}

private func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}
