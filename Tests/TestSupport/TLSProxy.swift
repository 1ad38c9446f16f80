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
        /// Speaks nothing newer than TLS 1.1 (deprecated by RFC 8996).
        case outdated
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

// One thread serves a connection in both directions: OpenSSL's connections must not be used by two at once, and Python
// before 3.13 does not keep them from it.
private let proxyScript = #"""
    import os, select, socket, ssl, struct, sys, threading

    certificate, key, backend_port, manner = sys.argv[1:5]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if manner == "outdated":
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")

    def relay(client, server):
        client.setblocking(False)
        speaking = [client, server]
        while True:
            pending = client in speaking and client.pending()
            ready = [client] if pending else select.select(speaking, [], [])[0]
            if client in ready:
                try:
                    data = client.recv(65536)
                    if data:
                        server.sendall(data)
                    else:
                        speaking.remove(client)
                        server.shutdown(socket.SHUT_WR)
                except ssl.SSLWantReadError:
                    pass
            if server in ready:
                data = server.recv(65536)
                if not data:
                    return
                client.setblocking(True)
                client.sendall(data)
                client.setblocking(False)

    def finish(client):
        if manner != "truncating":
            try:
                client.unwrap()
            except ssl.SSLWantReadError:
                pass
        client.shutdown(socket.SHUT_WR)
        # Closing while something is unread would reset the connection and lose what was sent.
        client.settimeout(2)
        while client.recv(65536):
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
        with client, socket.create_connection(("127.0.0.1", int(backend_port))) as server:
            try:
                relay(client, server)
                finish(client)
            except ConnectionResetError:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass

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
