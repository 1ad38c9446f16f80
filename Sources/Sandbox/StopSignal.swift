/// Ends every wait of a server's threads at once: a pipe that all of them watch beside their own socket.
final class StopSignal: Sendable {
    enum Outcome { case ready, timedOut, stopped }

    private let readEnd: Int32
    private let writeEnd: Int32

    init() throws(SocketError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SocketError("cannot make a pipe") }
        (readEnd, writeEnd) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// The byte is never read, so it wakes every thread, also those that come to wait later.
    func send() {
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }

    /// Waits for an event of a descriptor (or of none: -1), for at most `milliseconds` (-1: for ever).
    func wait(for descriptor: Int32, _ event: Int32, _ milliseconds: Int32) -> Outcome {
        let end = monotonicMilliseconds() + Int64(milliseconds)
        var entries = [
            pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0),
            pollfd(fd: descriptor, events: Int16(event), revents: 0),
        ]
        while true {
            let left = milliseconds < 0 ? -1 : Int32(max(0, end - monotonicMilliseconds()))
            let count = poll(&entries, 2, left)
            if count < 0 && errno == EINTR { continue }
            if entries[0].revents != 0 { return .stopped }
            return count > 0 ? .ready : .timedOut
        }
    }
}
