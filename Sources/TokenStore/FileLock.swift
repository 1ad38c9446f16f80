import Platform

/// An exclusive lock between processes, held until its owner lets go of it.
///
/// It is `flock` on a file of its own that is never deleted, because a lock on a file that another process
/// unlinks or replaces excludes nobody; and the kernel releases it when its holder dies, however it dies.
struct FileLock: ~Copyable {
    private let file: FileDescriptor

    /// Opens the lock's file, which does not take the lock yet.
    ///
    /// - Throws: why there can be no lock here.
    init(_ name: String, in folder: PrivateFolder) throws(SystemError) {
        let opened = try FileLock.open(name, in: folder)
        guard try opened.status().isRegularFile else { throw SystemError(EINVAL) }
        file = opened
    }

    /// Takes the lock if nobody else has it.
    ///
    /// - Returns: whether it is this process's now.
    func attempt() throws(SystemError) -> Bool {
        if retrying({ flock(file.raw, LOCK_EX | LOCK_NB) }) == 0 { return true }
        guard errno == EWOULDBLOCK else { throw SystemError() }
        return false
    }

    private static func open(_ name: String, in folder: PrivateFolder) throws(SystemError) -> FileDescriptor {
        do {
            let directory = try folder.openOrCreate()
            return try FileDescriptor(
                opening: name, in: directory.raw, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o600)
        } catch  where error.number == EROFS || error.number == EACCES {
            // On a read-only disk an old lock file still serves.
            if let file = try? FileDescriptor(
                opening: folder.path + "/" + name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            {
                return file
            }
            throw error
        }
    }
}
