import Platform

/// An exclusive lock between processes, held until its owner lets go of it.
///
/// It is `flock` on a file of its own that is never deleted, because a lock on a file that another process
/// unlinks or replaces excludes nobody; and the kernel releases it when its holder dies, however it dies.
///
/// Where a folder is on a network, asking for a lock may block for as long as the server pleases, even with `LOCK_NB`
/// and whatever signal comes. So a thread of its own asks, which this process does not wait for when it ends. It asks
/// again and again rather than to wait in the kernel: over FUSE not even a process's end ends such a wait, and whoever
/// called the process would wait with it; and NFS 4.0 itself waits for up to 30 s before it asks again.
struct FileLock: ~Copyable {
    private let claim: Claim
    private var isHeld = false

    /// Begins to ask for the lock.
    ///
    /// - Parameter waits: whether for as long as somebody else has it.
    /// - Throws: why there can be no lock here.
    init(_ name: String, in folder: PrivateFolder, waits: Bool) throws(SystemError) {
        try self.init(FileLock.open(name, in: folder), waits: waits)
    }

    /// Begins to ask for the lock on an open file.
    init(_ file: consuming FileDescriptor, waits: Bool) throws(SystemError) {
        guard try file.status().isRegularFile else { throw SystemError(EINVAL) }
        let claim = Claim(file, answer: try Pipe())
        if let thread = Thread({ claim.ask(waits: waits) }) {
            thread.detach()
        } else {
            // No room for a thread: better past the deadline than without the lock.
            claim.ask(waits: waits)
        }
        self.claim = claim
    }

    // At once: the thread may not have come to its end yet, and with it the file would stay open.
    deinit { if isHeld { claim.release() } }

    /// Waits until it is this process's.
    ///
    /// - Returns: whether it is: not before the deadline, or not while somebody else has it.
    /// - Throws: why it cannot be had.
    mutating func wait(until deadline: Deadline) throws(SystemError) -> Bool {
        if isHeld { return true }
        guard waitUntilReadable(claim.answer.reading.raw, deadline) else { return false }
        let answer = try readSome(claim.answer.reading.raw, atMost: 1)
        let failure = Int32(answer.first ?? UInt8(EIO))
        if failure == EWOULDBLOCK { return false }
        guard failure == 0 else { throw SystemError(failure) }
        isHeld = true
        return true
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

/// The open file that the lock is on. It is closed, and the lock with it released, when neither the lock's owner nor
/// the thread that asks for it needs it any more.
private final class Claim: Sendable {
    private let file: FileDescriptor
    /// Gets a byte once it is known: the number of the error, or 0.
    let answer: Pipe

    init(_ file: consuming FileDescriptor, answer: consuming Pipe) {
        self.file = file
        self.answer = answer
    }

    func release() { _ = flock(file.raw, LOCK_UN) }

    func ask(waits: Bool) {
        var failure = attempt()
        var pause: UInt32 = 2
        while waits, failure == EWOULDBLOCK {
            usleep(pause * 1000)
            pause = min(pause * 2, 32)
            failure = attempt()
        }
        try? answer.writing.writeAll([UInt8(truncatingIfNeeded: failure)])
    }

    /// - Returns: 0, or the error's number.
    private func attempt() -> Int32 { retrying { flock(file.raw, LOCK_EX | LOCK_NB) } == 0 ? 0 : errno }
}
