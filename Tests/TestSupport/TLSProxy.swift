/// Serves on a port of 127.0.0.1 by TLS what another port serves in the clear: put before a
/// ``ScriptedServer``, which then sees the decrypted bytes. It is a child, `python3`, which also ends when this
/// process does. The other side's ending is passed on: a reset as a reset.
public final class TLSProxy: Sendable {
    /// How the proxy behaves.
    public enum Manner: String, Sendable {
        case proper
        /// Ends without TLS's own `close_notify`: to the client its bytes are cut short.
        case truncating
        /// Closes each connection as soon as the client has said hello.
        case refusing
    }

    public let port: UInt16
    private let child: RunningProgram

    /// Starts the proxy and waits until it serves.
    public convenience init(
        _ certificate: CertificateAuthority.Certificate, before server: ScriptedServer,
        manner: Manner = .proper
    ) async throws {
        try await self.init(certificate, beforePort: server.port, manner: manner)
    }

    /// Starts the proxy and waits until it serves.
    public init(
        _ certificate: CertificateAuthority.Certificate, beforePort serverPort: UInt16,
        manner: Manner = .proper
    ) async throws {
        var program = Program(
            "python3",
            [
                "-c", proxyScript, certificate.certificateFile, certificate.keyFile, String(serverPort),
                manner.rawValue,
            ], environment: .inherited("PATH", "HOME"))
        program.timeLimit = nil
        child = try program.start(input: .open)
        guard let line = try await child.readLine(), let port = UInt16(line) else {
            throw DidNotStart(outcome: try await child.wait())
        }
        self.port = port
    }

    /// `https://127.0.0.1:PORT`
    public var url: String { "https://127.0.0.1:\(port)" }

    /// Ends it and waits until it is gone. When the last reference goes it ends, too.
    public func stop() async { await child.kill() }

    /// The child ended instead.
    public struct DidNotStart: Error, CustomStringConvertible {
        public let outcome: Program.Outcome
        public var description: String { "the TLS proxy did not start: \(outcome)" }
    }
}

private let proxyScript = #"""
    import os, socket, ssl, struct, sys, threading

    certificate, key, backend_port, manner = sys.argv[1:5]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def upstream(client, server):
        try:
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            try:
                server.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def serve(plain):
        if manner == "refusing":
            plain.recv(65536)
            plain.close()
            return
        try:
            client = context.wrap_socket(plain, server_side=True)
        except OSError:
            plain.close()
            return
        ending = socket.SHUT_RDWR
        server = socket.create_connection(("127.0.0.1", int(backend_port)))
        threading.Thread(target=upstream, args=(client, server), daemon=True).start()
        try:
            while data := server.recv(65536):
                client.sendall(data)
            if manner == "proper":
                client.unwrap()
        except ConnectionResetError:
            # Only reading ends here: the reset comes with the close.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            ending = socket.SHUT_RD
        except OSError:
            pass
        # The other thread still reads, which alone would keep the connection open.
        try:
            client.shutdown(ending)
        except OSError:
            pass
        client.close()
        server.close()

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)
    """#
