/// The contents that a file is to have, written beside it and put in its place as a whole: whoever reads the file sees
/// the old contents or the new, never a part.
///
/// The draft is always named like the file with `.butlr-new` behind it, a name nobody else uses, so the next writer takes
/// over what a killed process left. That nobody is still writing it is known by the kernel's lock on it, which ends with
/// the process; where there are no locks, two that write at once may spoil each other's draft.
public struct FileDraft: ~Copyable {
    private let path: String
    private let lock: FileLock

    /// How long another process is given to finish its own.
    private static var patience: Milliseconds { 2000 }

    /// Begins a draft, which only this user may read.
    ///
    /// - Parameter path: the file's; its folder must be there.
    /// - Throws: `EWOULDBLOCK` when another process is still writing; `EPERM` when something else than a file of this
    ///   user's is in the way.
    public init(of path: String) throws(SystemError) {
        self.path = path
        let deadline = Deadline(in: FileDraft.patience)
        while true {
            let file = try FileDescriptor(
                opening: FileDraft.path(of: path), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o600)
            let status = try file.status()
            guard status.isRegularFile, status.isOwn, status.st_nlink <= 1 else { throw SystemError(EPERM) }
            var lock = try FileLock(file, waits: true)
            // Where there are no locks, it goes without one.
            guard (try? lock.wait(until: deadline)) ?? true else { throw SystemError(EWOULDBLOCK) }
            if isFile(lock.descriptor, at: FileDraft.path(of: path)) {
                self.lock = lock
                return
            }
        }
    }

    /// Puts these contents in the file's place, safe from a power failure once the folder is.
    ///
    /// - Parameters:
    ///   - mode: the file's permissions.
    ///   - owner: whose it is to be; `nil` for this user.
    public consuming func commit(
        _ contents: [UInt8], mode: mode_t = 0o600, owner: (user: uid_t, group: gid_t)? = nil
    ) throws(SystemError) {
        let file = lock.descriptor
        guard ftruncate(file, 0) == 0 else { throw SystemError() }
        var mode = mode
        if let owner, fchown(file, owner.user, owner.group) != 0 {
            // A group that this user cannot give it to: then it is for none.
            guard owner.user == geteuid() else { throw SystemError() }
            mode &= ~0o070
        }
        guard fchmod(file, mode) == 0 else { throw SystemError() }
        try writeAll(file, contents)
        guard retrying({ fsync(file) }) == 0 else { throw SystemError() }
        guard rename(FileDraft.path(of: path), path) == 0 else { throw SystemError() }
    }

    deinit {
        // After a commit the name may be another's by now.
        let draft = FileDraft.path(of: path)
        if isFile(lock.descriptor, at: draft) { unlink(draft) }
    }

    /// What a draft's name has behind the file's.
    public static let ending = ".butlr-new"

    /// Where the draft of a file is.
    public static func path(of path: String) -> String { path + ending }
}

/// Whether `path` still names this open file.
private func isFile(_ descriptor: Int32, at path: String) -> Bool {
    var open = stat()
    var named = stat()
    guard fstat(descriptor, &open) == 0, lstat(path, &named) == 0 else { return false }
    return open.st_ino == named.st_ino && open.st_dev == named.st_dev
}
