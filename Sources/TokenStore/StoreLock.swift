import Platform

/// A profile's lock is on a file of its own in the state folder, which is never deleted.
extension FileLock {
    /// Begins to ask for the lock, making its file where it is missing.
    ///
    /// - Throws: why there can be no lock here.
    init(_ name: String, in folder: PrivateFolder, waits: Bool) throws(SystemError) {
        try self.init(FileLock.open(name, in: folder), waits: waits)
    }

    private static func open(_ name: String, in folder: PrivateFolder) throws(SystemError) -> FileDescriptor {
        do {
            let directory = try folder.openOrCreate()
            return try FileDescriptor(
                opening: name, in: directory.raw, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o600)
        } catch  where error.number == EROFS || error.number == EACCES {
            // On a read-only disk an old lock file still serves.
            if let file = existing(name, in: folder) { return file }
            throw error
        }
    }

    /// The file that the lock is on, if somebody has made it.
    static func existing(_ name: String, in folder: PrivateFolder) -> FileDescriptor? {
        let path = folder.path + "/" + name
        // NFS locks a file for one process alone only where that process may write it.
        for access in [O_RDWR, O_RDONLY] {
            if let file = try? FileDescriptor(opening: path, access | O_NOFOLLOW | O_NONBLOCK) { return file }
        }
        return nil
    }
}
