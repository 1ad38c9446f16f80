/// An exclusive lock between processes, held until its owner lets go of it.
///
/// It is `flock` on a file that nobody deletes or replaces while somebody may want the lock, because one on a file that
/// another process has unlinked excludes nobody; and the kernel releases it when its holder dies, however it dies.
///
/// Where a folder is on a network, asking for a lock may block for as long as the server pleases, even with `LOCK_NB`
/// and whatever signal comes. So a thread of its own asks, which this process does not wait for when it ends. It asks
/// again and again rather than to wait in the kernel: over FUSE not even a process's end ends such a wait, and whoever
/// called the process would wait with it; and NFS 4.0 itself waits for up to 30 s before it asks again.
public struct FileLock: ~Copyable {
    private let claim: Claim
    private let waits: Bool
    /// Whether a thread asks, rather than who wants the lock.
    private let hasThread: Bool
    private var isHeld = false

    /// Begins to ask for the lock on an open file.
    ///
    /// - Parameter waits: whether for as long as somebody else has it.
    /// - Throws: why there can be no lock here.
    public init(_ file: consuming FileDescriptor, waits: Bool) throws(SystemError) {
        guard try file.status().isRegularFile else { throw SystemError(EINVAL) }
        let claim = Claim(file, answer: try Pipe())
        let thread = Thread { claim.ask(waits: waits) }
        thread?.detach()
        self.claim = claim
        self.waits = waits
        hasThread = thread != nil
    }

    // At once: the thread may not have come to its end yet, and with it the file would stay open.
    deinit { if isHeld { claim.release() } }

    /// The open file, which is closed when its owner has let go of the lock and nobody asks for it any more.
    public var descriptor: Int32 { claim.descriptor }

    /// Waits until it is this process's.
    ///
    /// - Returns: `false` at the deadline or, where it does not wait, while somebody else has it.
    /// - Throws: why it cannot be had.
    public mutating func wait(until deadline: Deadline) throws(SystemError) -> Bool {
        if isHeld { return true }
        // Where the system has no room for a thread, asking may block, but as a rule does not.
        if !hasThread { claim.ask(waits: waits, until: deadline) }
        guard waitUntilReadable(claim.answer.reading.raw, deadline) else { return false }
        let answer = try readSome(claim.answer.reading.raw, atMost: 1)
        let failure = Int32(answer.first ?? UInt8(EIO))
        if failure == EWOULDBLOCK { return false }
        guard failure == 0 else { throw SystemError(failure) }
        isHeld = true
        return true
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

    var descriptor: Int32 { file.raw }

    func release() { _ = flock(file.raw, LOCK_UN) }

    /// - Parameter deadline: when to stop asking; `nil` where nobody waits for the answer.
    func ask(waits: Bool, until deadline: Deadline? = nil) {
        var failure = attempt()
        var pause: UInt32 = 2
        while waits, failure == EWOULDBLOCK, deadline?.hasPassed != true {
            usleep(pause * 1000)
            pause = min(pause * 2, 32)
            failure = attempt()
        }
        try? answer.writing.writeAll([UInt8(truncatingIfNeeded: failure)])
    }

    /// - Returns: 0, or the error's number.
    private func attempt() -> Int32 { retrying { flock(file.raw, LOCK_EX | LOCK_NB) } == 0 ? 0 : errno }
}
