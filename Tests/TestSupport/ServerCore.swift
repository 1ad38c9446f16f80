import CTestSupport

/// The threads of a ``ScriptedServer`` and what they share.
final class ServerCore: Sendable {
    struct State: Sendable {
        var requests: [ScriptedServer.Request] = []
        var connectionCount = 0
        var acceptor: Thread?
        var connections: [Int: Thread] = [:]
        /// Those whose thread is about to end.
        var endedConnections: [Int] = []
        /// Closing it tells all threads to stop.
        var stopButton: Descriptor?
    }

    let state = Watched(State())
    private let listener: Descriptor
    private let stopSignal: Descriptor
    private let greeting: ScriptedServer.Reply?
    private let handler: ScriptedServer.Handler

    init(
        _ listener: Descriptor, _ greeting: ScriptedServer.Reply?, _ handler: @escaping ScriptedServer.Handler
    ) throws {
        let pipe = try Descriptor.pipe()
        self.listener = listener
        self.greeting = greeting
        self.handler = handler
        stopSignal = pipe.reading
        state.change { $0.stopButton = pipe.writing }
        state.change { $0.acceptor = Thread { self.acceptConnections() } }
    }

    func stop() {
        let acceptor = state.change { state in
            state.stopButton?.close()
            state.stopButton = nil
            defer { state.acceptor = nil }
            return state.acceptor
        }
        guard let acceptor else { return }
        acceptor.join()
        // Only now can there be no more of them.
        for (_, connection) in state.value.connections { connection.join() }
    }

    /// Frees what a thread keeps until it is joined.
    private func joinEnded() {
        let ended = state.change { state in
            defer { state.endedConnections = [] }
            return state.endedConnections.compactMap { state.connections.removeValue(forKey: $0) }
        }
        for thread in ended { thread.join() }
    }

    private func acceptConnections() {
        listener.makeNonblocking()
        while true {
            var entries = [
                pollfd(fd: listener.raw, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stopSignal.raw, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&entries, 2, -1)
            if entries[1].revents != 0 {
                listener.close()
                return
            }
            let raw = spawning.withLock { _ in support_accept(listener.raw) }
            guard raw >= 0 else { continue }
            let connection = ServerConnection(Descriptor(owning: raw), stopSignal)
            joinEnded()
            state.change { state in
                let number = state.connectionCount
                state.connectionCount += 1
                state.connections[number] = Thread {
                    self.serve(connection)
                    self.state.change { $0.endedConnections.append(number) }
                }
            }
        }
    }

    private func serve(_ connection: ServerConnection) {
        defer { connection.close() }
        if let greeting, !connection.send(greeting) { return }
        while let request = connection.readRequest() {
            let index = state.change { state in
                state.requests.append(request)
                return state.requests.count - 1
            }
            guard connection.send(handler(request, index)) else { return }
        }
    }
}
