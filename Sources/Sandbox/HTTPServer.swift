import Synchronization

/// A small HTTP/1.1 server on 127.0.0.1: one thread and one request for each connection.
///
/// It is made for emulating and for testing: what is answered is up to a handler, which may also break the
/// rules of HTTP. Any number of servers can run in one process.
public final class HTTPServer: Sendable {
    private let port: UInt16
    private let handler: Handler
    private let listener = Mutex<Listener?>(nil)

    /// - Parameters:
    ///   - port: 0 for any free one.
    ///   - handler: called for every request that could be read.
    public init(port: UInt16 = 0, handler: @escaping Handler) {
        self.port = port
        self.handler = handler
    }

    deinit { stop() }

    /// Begins to listen; connections are accepted when this returns. A server that already runs is left as
    /// it is.
    ///
    /// - Returns: the base URL, `http://127.0.0.1:PORT`.
    /// - Throws: ``SocketError`` when the port is taken or the system gives no socket.
    @discardableResult
    public func start() throws(SocketError) -> String {
        let listener = self.listener.withLock { running in
            Result { () throws(SocketError) in
                if let running { return running }
                let listener = try Listener(port: port, handler)
                running = listener
                return listener
            }
        }
        return try listener.get().baseURL
    }

    /// Closes the port and every connection, and waits for their threads to end. May be called twice, and
    /// the server started again; not to be called by the handler.
    public func stop() {
        let running = listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
        running?.stop()
    }
}

/// A listening socket and the thread that accepts its connections.
private final class Listener: Sendable {
    let baseURL: String
    private let thread: JoinableThread
    private let stopSignal: StopSignal

    init(port: UInt16, _ handler: @escaping HTTPServer.Handler) throws(SocketError) {
        let (socket, actualPort) = try listen(port: port)
        let url = "http://127.0.0.1:\(actualPort)"
        do throws(SocketError) {
            let stopSignal = try StopSignal()
            let accepting = JoinableThread.start {
                acceptConnections(of: socket, stopSignal) { connection in
                    answerRequest(on: connection, baseURL: url, handler)
                }
            }
            guard let accepting else { throw SocketError("cannot start a thread", number: EAGAIN) }
            baseURL = url
            thread = accepting
            self.stopSignal = stopSignal
        } catch {
            close(socket)
            throw error
        }
    }

    func stop() {
        stopSignal.send()
        thread.join()
    }
}

private func listen(port: UInt16) throws(SocketError) -> (socket: Int32, port: UInt16) {
    let failure = "cannot listen on 127.0.0.1\(port == 0 ? "" : ":\(port)")"
    #if canImport(Darwin)
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    #else
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    #endif
    guard descriptor >= 0 else { throw SocketError(failure) }

    // Connections of an earlier server on this port may linger in TIME_WAIT.
    var on: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listens = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(descriptor, address, length) == 0 && listen(descriptor, SOMAXCONN) == 0
                && getsockname(descriptor, address, &length) == 0
        }
    }
    guard listens else {
        let error = SocketError(failure)
        close(descriptor)
        throw error
    }
    return (descriptor, UInt16(bigEndian: address.sin_port))
}

/// Accepts connections until the signal, each on its own thread, and then waits for those threads.
private func acceptConnections(
    of socket: Int32, _ stopSignal: StopSignal, _ serve: @escaping @Sendable (borrowing Connection) -> Void
) {
    var threads: [JoinableThread] = []
    while stopSignal.wait(for: socket, POLLIN, -1) != .stopped {
        threads.removeAll { thread in
            guard thread.isFinished else { return false }
            thread.join()
            return true
        }
        let accepted = accept(socket, nil, nil)
        guard accepted >= 0 else {
            // Out of descriptors, most likely: the connection stays in the queue until some are free again.
            _ = stopSignal.wait(for: -1, POLLIN, 20)
            continue
        }
        let thread = JoinableThread.start { serve(Connection(owning: accepted, stopSignal)) }
        if let thread { threads.append(thread) } else { close(accepted) }
    }
    close(socket)
    for thread in threads { thread.join() }
}

private func answerRequest(
    on connection: borrowing Connection, baseURL: String, _ handler: HTTPServer.Handler
) {
    let request: HTTPServer.Request?
    let answer: HTTPServer.Answer
    do {
        request = try readRequest(from: connection, baseURL: baseURL)
        guard let request else { return }
        answer = handler(request)
    } catch {
        request = nil
        answer = .response(error.response)
    }
    switch answer {
    case .response(let response):
        connection.pause(milliseconds: response.delay)
        connection.send(response.message(withBody: request?.method != "HEAD"))
    case .raw(let steps):
        for step in steps {
            switch step {
            case .send(let bytes): connection.send(bytes)
            case .pause(let milliseconds): connection.pause(milliseconds: milliseconds)
            case .hang: connection.awaitEnd(within: -1)
            case .reset: return connection.resetOnClose()
            }
        }
    }
    connection.finish()
}
