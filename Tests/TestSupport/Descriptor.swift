import CTestSupport
import Synchronization

/// An open file that no child inherits, closed with its last reference at the latest.
final class Descriptor: Sendable {
    let raw: Int32
    private let isOpen = Mutex(true)

    init(owning raw: Int32) { self.raw = raw }

    deinit { close() }

    /// Closes it now, whoever else still refers to it: they must not use it any more.
    func close() {
        isOpen.withLock { isOpen in
            if isOpen { closeFile(raw) }
            isOpen = false
        }
    }

    func makeNonblocking() { _ = fcntl(raw, F_SETFL, fcntl(raw, F_GETFL) | O_NONBLOCK) }

    static func pipe() throws -> (reading: Descriptor, writing: Descriptor) {
        var ends: [Int32] = [-1, -1]
        // The lock is for systems where a pipe is made in one step and kept from children in another.
        _ = try spawning.withLock { _ in try checked("pipe") { support_pipe(&ends) } }
        return (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
    }
}

/// Held while a child is started, and while something is open that no other child may hold for even a moment:
/// a program that is still open for writing anywhere cannot be run (`ETXTBSY`).
let spawning = Mutex<Void>(())

/// Milliseconds for `poll` until `deadline`, rounded up so that the deadline has passed when it returns; -1 for
/// no deadline.
func pollTimeout(until deadline: ContinuousClock.Instant?) -> Int32 {
    guard let deadline else { return -1 }
    let left = deadline - .now
    return left <= .zero ? 0 : Int32(clamping: Int64(left / .milliseconds(1)) + 1)
}

// The plain calls, under names that no method of the types here hides.

func readSome(_ descriptor: Int32, into buffer: inout [UInt8]) -> Int {
    read(descriptor, &buffer, buffer.count)
}

func writeSome(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}

func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }

func closeFile(_ descriptor: Int32) { close(descriptor) }
