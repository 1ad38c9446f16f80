/// An accepted socket. Every wait ends at once when the server stops.
struct Connection: ~Copyable {
    private let socket: Int32
    private let stopSignal: StopSignal

    /// Takes over `socket`.
    init(owning socket: Int32, _ stopSignal: StopSignal) {
        self.socket = socket
        self.stopSignal = stopSignal
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        #if canImport(Darwin)
            setOption(SO_NOSIGPIPE, Int32(1))
        #endif
    }

    deinit { close(socket) }

    /// Up to 64 KiB that the client sent.
    ///
    /// - Returns: nothing when the client is done or gone, was silent for `milliseconds` (-1: for ever), or
    ///   the server stops.
    func receive(within milliseconds: Int32) -> [UInt8] {
        guard stopSignal.wait(for: socket, POLLIN, milliseconds) == .ready else { return [] }
        return [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            count = max(0, recv(socket, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT)))
        }
    }

    /// Sends all of it, unless the client is gone, reads nothing for half a minute, or the server stops.
    func send(_ bytes: [UInt8]) {
        #if canImport(Darwin)
            let flags = Int32(MSG_DONTWAIT)
        #else
            let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        #endif
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                guard stopSignal.wait(for: socket, POLLOUT, 30_000) == .ready else { return }
                let count = sendto(socket, buffer.baseAddress! + sent, buffer.count - sent, flags, nil, 0)
                if count < 0 && errno != EAGAIN && errno != EINTR { return }
                sent += max(0, count)
            }
        }
    }

    func pause(milliseconds: Int) {
        if milliseconds > 0 { _ = stopSignal.wait(for: -1, POLLIN, Int32(clamping: milliseconds)) }
    }

    /// Waits until the client closes its side, for at most `milliseconds` (-1: for ever).
    func awaitEnd(within milliseconds: Int32) {
        let end = monotonicMilliseconds() + Int64(milliseconds)
        repeat {
            if receive(within: milliseconds).isEmpty { return }
        } while milliseconds < 0 || monotonicMilliseconds() < end
    }

    /// Says that nothing more will be sent, and gives the client a moment to finish. Closing while there is
    /// something unread would reset the connection, and the client might lose the response.
    func finish() {
        shutdown(socket, Int32(SHUT_WR))
        awaitEnd(within: 1000)
    }

    /// Makes the coming close a TCP reset.
    func resetOnClose() { setOption(SO_LINGER, linger(l_onoff: 1, l_linger: 0)) }

    private func setOption<Value: BitwiseCopyable>(_ name: Int32, _ value: Value) {
        withUnsafeBytes(of: value) {
            _ = setsockopt(socket, SOL_SOCKET, name, $0.baseAddress, socklen_t($0.count))
        }
    }
}
