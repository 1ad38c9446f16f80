/// One client's connection. Every wait in it ends when the server stops.
final class ServerConnection: Sendable {
    private let socket: Descriptor
    private let stopSignal: Descriptor
    /// What was received and not used yet. Only the connection's own thread uses it.
    private nonisolated(unsafe) var buffer: [UInt8] = []

    init(_ socket: Descriptor, _ stopSignal: Descriptor) {
        self.socket = socket
        self.stopSignal = stopSignal
        socket.makeNonblocking()
    }

    func close() { socket.close() }

    // MARK: - Receiving

    /// The next request, or `nil` when there is none that is complete.
    func readRequest() -> ScriptedServer.Request? {
        guard let head = readHead() else { return nil }
        var lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)[...]
        let words = (lines.popFirst() ?? "").split(separator: " ", maxSplits: 2)
        guard words.count >= 2 else { return nil }
        var headers: [(name: String, value: String)] = []
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            let value = parts[1].drop { $0 == " " || $0 == "\t" }
            headers.append((String(parts[0]), String(value)))
        }
        func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

        if header("expect")?.lowercased() == "100-continue" {
            guard send(.raw("HTTP/1.1 100 Continue\r\n\r\n", then: .keepAlive)) else { return nil }
        }
        let body: [UInt8]?
        if header("transfer-encoding")?.lowercased() == "chunked" {
            body = readChunks()
        } else {
            body = read(count: header("content-length").flatMap { Int($0) } ?? 0)
        }
        guard let body else { return nil }
        return ScriptedServer.Request(
            method: String(words[0]), target: String(words[1]), headers: headers, body: body)
    }

    private func readHead() -> String? {
        var lines = ""
        while let line = readLine() {
            if line.isEmpty { return lines }
            lines += lines.isEmpty ? line : "\r\n" + line
        }
        return nil
    }

    private func readChunks() -> [UInt8]? {
        var body: [UInt8] = []
        while let line = readLine() {
            guard let count = Int(line.prefix { $0 != ";" }, radix: 16), let chunk = read(count: count),
                readLine() != nil
            else { return nil }
            if count == 0 { return body }
            body += chunk
        }
        return nil
    }

    private func readLine() -> String? {
        while true {
            if let newline = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                var line = buffer[..<newline]
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                let text = String(decoding: line, as: UTF8.self)
                buffer.removeFirst(newline + 1)
                return text
            }
            guard receive() else { return nil }
        }
    }

    private func read(count: Int) -> [UInt8]? {
        while buffer.count < count {
            guard receive() else { return nil }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer[..<count])
    }

    /// - Returns: whether there was more.
    private func receive(until deadline: ContinuousClock.Instant? = nil) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while wait(for: Int16(POLLIN), until: deadline) {
            let count = readSome(socket.raw, into: &chunk)
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            buffer += chunk.prefix(max(0, count))
            return count > 0
        }
        return false
    }

    // MARK: - Sending

    /// - Returns: whether the connection goes on.
    func send(_ reply: ScriptedServer.Reply) -> Bool {
        for piece in reply.pieces {
            guard pause(piece.pause), send(piece.bytes) else { return false }
        }
        switch reply.ending {
        case .keepAlive: return true
        case .hang:
            while receive() {}
        case .flood(let bytes):
            // Many at a time, so that it is a flood and not a trickle.
            let wave = Array(repeatElement(bytes, count: max(1, 65_536 / bytes.count)).joined())
            while send(wave) {}
        case .reset:
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(
                socket.raw, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        case .close:
            // Closing while something is unread would reset the connection and lose what was sent.
            _ = shutdown(socket.raw, Int32(SHUT_WR))
            let deadline = ContinuousClock.now + .seconds(2)
            while receive(until: deadline) {}
        }
        return false
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard wait(for: Int16(POLLOUT)) else { return false }
            let count = rest.withUnsafeBytes { writeSome(socket.raw, $0) }
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count >= 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private func pause(_ duration: Duration) -> Bool {
        guard duration > .zero else { return true }
        let deadline = ContinuousClock.now + duration
        return !wait(for: 0, until: deadline) && deadline <= .now
    }

    // MARK: - Waiting

    /// Waits until the socket is ready, if events are given.
    ///
    /// - Returns: whether it is; otherwise the server stops or the deadline has passed.
    private func wait(for events: Int16, until deadline: ContinuousClock.Instant? = nil) -> Bool {
        while true {
            var entries = [
                pollfd(fd: stopSignal.raw, events: Int16(POLLIN), revents: 0),
                pollfd(fd: events == 0 ? -1 : socket.raw, events: events, revents: 0),
            ]
            let ready = poll(&entries, 2, pollTimeout(until: deadline))
            if entries[0].revents != 0 || ready == 0 { return false }
            if entries[1].revents != 0 { return true }
        }
    }
}
