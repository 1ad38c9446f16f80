import Platform
import Sandbox
import TestSupport
import Testing

/// TLS and proxies on the way to the provider.
@Suite struct RouteTests {
    /// A helper whose provider is served by TLS at `proxy`.
    private func helper(
        at base: String, trusting caFile: String?, _ lines: String = "", environment: [String: String?] = [:]
    ) throws -> Helper {
        let helper = try Helper(
            environment: ["BUTLR_TIMEOUT": "20s", "BUTLR_LOG": "trace"].merging(environment) { $1 })
        try helper.useClient(of: base, (caFile.map { "ca-file = \($0)\n" } ?? "") + lines)
        return helper
    }

    @Test(.clients("openssl", "python3"), arguments: CertificateAuthority.Variant.allCases)
    func aCertificateIsAcceptedOrItIsSaidThatItIsNot(_ variant: CertificateAuthority.Variant) async throws {
        let provider = try StubProvider(.token("token"))
        let authority = try await CertificateAuthority()
        let proxy = try await TLSProxy(try await authority.issue(variant), beforePort: provider.port)
        let helper = try helper(at: proxy.url, trusting: authority.certificateFile)
        if variant == .valid {
            for base in [proxy.url, "https://localhost:\(proxy.port)"] {
                try helper.useClient(of: base, "ca-file = \(authority.certificateFile)")
                let result = try await helper.run("get")
                #expect(result.token == "token", "\(result)")
            }
            // Not the system's authorities: those do not know this one.
            try helper.useClient(of: proxy.url, "scope = other")
            let unknown = try await helper.run("get")
            #expect(unknown.status == 76, "\(unknown)")
            #expect(unknown.errors.contains("ca-file"))
            let named = try await helper.run("get", environment: ["BUTLR_CA_FILE": authority.certificateFile])
            #expect(named.token == "token", "\(named)")
        } else {
            for _ in 0..<2 {
                let result = try await helper.run("get")
                #expect(result.status == 76, "\(result)")
                #expect(result.errorCode == "tls-error")
                #expect(result.isRetryable == false)
                expectNoSecret(result)
            }
            #expect(provider.requests.isEmpty)
            #expect(try helper.stored("failure") == nil)
        }
        await proxy.stop()
    }

    /// libcurl as Debian builds it knows the system's authorities by a file and, besides, by a folder.
    @Test(.clients("openssl", "python3", "unshare")) func aFileOfAuthoritiesStandsInForTheSystems()
        async throws
    {
        try requireRoot()
        let provider = try StubProvider(.token("token"))
        let systems = try await CertificateAuthority()
        let proxy = try await TLSProxy(try await systems.issue(), beforePort: provider.port)
        let other = try await systems.issue(.selfSigned)
        let helper = try helper(at: proxy.url, trusting: nil)
        try helper.home.write("certs/ca.pem", try Folder("/").read(systems.certificateFile))
        func get() async throws -> Program.Outcome {
            try await helper.client(
                "unshare",
                [
                    "--mount", "sh", "-c",
                    "cp /etc/ssl/certs/ca-certificates.crt ~/certs && openssl rehash ~/certs"
                        + " && mount --bind ~/certs /etc/ssl/certs && exec \"$0\" get",
                    helper.executable,
                ]
            ).run()
        }
        let trusted = try await get()
        if trusted.errorCode == nil, trusted.token == nil {
            try Test.cancel("no namespaces here: \(trusted)")
        }
        if trusted.token == nil { try Test.cancel("this libcurl reads no folder of certificates") }
        try helper.useClient(of: proxy.url, "ca-file = \(other.certificateFile)\n    scope = other")
        let result = try await get()
        #expect(result.status == 76, "\(result)")
        await proxy.stop()
    }

    @Test func aServerThatSpeaksNoTLSIsNotAccepted() async throws {
        let provider = try StubProvider(.token("token"))
        let helper = try helper(at: "https://127.0.0.1:\(provider.port)", trusting: nil)
        let result = try await helper.run("get")
        #expect(result.status == 76, "\(result)")
        expectNoSecret(result)
    }

    @Test(.clients("openssl", "python3")) func aHandshakeThatIsCutMayGoWellLater() async throws {
        let provider = try StubProvider(.token("token"))
        let authority = try await CertificateAuthority()
        let proxy = try await TLSProxy(
            try await authority.issue(), beforePort: provider.port, manner: .refusing)
        let helper = try helper(
            at: proxy.url, trusting: authority.certificateFile, environment: ["BUTLR_TIMEOUT": "2s"])
        let result = try await helper.run("get")
        #expect(result.status == 75, "\(result)")
        #expect(result.isRetryable == true)
        #expect(provider.requests.isEmpty)
        await proxy.stop()
    }

    /// Without a length and without a farewell only the JSON itself tells whether it is whole.
    @Test(.clients("openssl", "python3"), arguments: [0, 1, 15])
    func aConnectionMayEndWithoutAFarewell(_ missing: Int) async throws {
        let body = #"{"access_token":"token"}"#.dropLast(missing)
        let provider = try StubProvider(.raw([.send("HTTP/1.1 200 OK\r\n\r\n\(body)")]))
        let authority = try await CertificateAuthority()
        let proxy = try await TLSProxy(
            try await authority.issue(), beforePort: provider.port, manner: .truncating)
        let helper = try helper(
            at: proxy.url, trusting: authority.certificateFile, environment: ["BUTLR_TIMEOUT": "2s"])
        let result = try await helper.run("get")
        #expect(result.status == (missing == 0 ? 0 : 75), "\(result)")
        await proxy.stop()
    }

    // MARK: - Proxies

    /// A proxy for requests in the clear answers in the server's place.
    @Test func theProfilesProxyIsUsed() async throws {
        let proxy = try StubProvider(.token("by-proxy"))
        let direct = try StubProvider(.token("direct"))
        for value in [proxy.url, "127.0.0.1:\(proxy.port)"] {
            let helper = try helper(at: direct.url, trusting: nil, "proxy = \(value)")
            let result = try await helper.run("get", environment: ["no_proxy": "*"])
            #expect(result.token == "by-proxy", "\(result)")
        }
        #expect(direct.requests.isEmpty)
    }

    @Test(arguments: ["http_proxy", "all_proxy", "ALL_PROXY", "https_proxy"])
    func theEnvironmentsProxyIsNotForThisMachine(_ variable: String) async throws {
        let proxy = try StubProvider(.token("by-proxy"))
        let direct = try StubProvider(.token("direct"))
        let helper = try helper(at: direct.url, trusting: nil, environment: [variable: proxy.url])
        let result = try await helper.run("get")
        #expect(result.token == "direct", "\(result)")
        #expect(proxy.requests.isEmpty)
    }

    private func connections(_ proxy: StubProvider) -> [String] {
        proxy.requests.map { "\($0.method) \($0.path)" }
    }

    /// What a proxy may say instead of opening the way, and what that means.
    @Test(arguments: [
        (407, HelperError.Code.providerError), (403, .providerError), (502, .temporaryFailure),
        (503, .temporaryFailure),
    ])
    func aProxyMayRefuse(_ status: Int, _ code: HelperError.Code) async throws {
        for usesEnvironment in [true, false] {
            let proxy = try StubProvider(.body("", status: status))
            let helper = try helper(
                at: "https://id.example", trusting: nil, usesEnvironment ? "" : "proxy = \(proxy.url)",
                environment: ["BUTLR_TIMEOUT": "2s", "https_proxy": usesEnvironment ? proxy.url : nil])
            let result = try await helper.run("get")
            #expect(result.status == code.exitStatus, "\(result)")
            #expect(result.message.contains("\(status)"))
            expectNoSecret(result)
            #expect(connections(proxy).first == "CONNECT id.example:443")
        }
    }

    /// An empty key takes the environment's proxy away. No such host can ever be found (RFC 6761 §6.4).
    @Test func anEmptyProxyMeansNone() async throws {
        let proxy = try StubProvider(.body("", status: 403))
        let helper = try helper(
            at: "https://id.invalid", trusting: nil, "proxy = \"\"",
            environment: ["https_proxy": proxy.url, "BUTLR_TIMEOUT": "1s"])
        let result = try await helper.run("get")
        #expect(result.status == 75, "\(result)")
        #expect(proxy.requests.isEmpty)
    }

    /// A request that no proxy let through surely never arrived: the refresh token is still good.
    @Test func aProxysRefusalCostsNoRefreshToken() async throws {
        let provider = try StubProvider(.tokens("token", refresh: "first"))
        let proxy = try StubProvider(.body("", status: 502))
        let helper = try Helper.user(of: provider)
        let endpoint = "refresh-endpoint = https://id.example/token"
        try helper.useUser(of: provider.url, endpoint)
        #expect(try await helper.run("get").token == "token")
        try helper.age(by: 4000)
        let result = try await helper.run("get", environment: ["https_proxy": proxy.url])
        #expect(result.status == 75, "\(result)")
        #expect(provider.requests.count == 1)
        let stored = try #require(try helper.stored("refresh"))
        #expect(try helper.home.read(stored).contains(#""is_being_redeemed":false"#))
    }

    /// The whole way: through the proxy, then TLS with the provider.
    @Test(.clients("openssl", "python3")) func aTunnelLeadsToTheProvider() async throws {
        let provider = try StubProvider(.token("token"))
        let authority = try await CertificateAuthority()
        let server = try await TLSProxy(try await authority.issue(), beforePort: provider.port)
        var program = Program(
            "python3", ["-c", tunnelScript], environment: .inherited("PATH", "HOME"))
        program.timeLimit = nil
        let tunnel = try program.start(input: .open)
        let port = try #require(try await tunnel.readLine())
        for usesEnvironment in [true, false] {
            let proxy = "http://127.0.0.1:\(port)"
            let helper = try helper(
                at: "https://localhost:\(server.port)", trusting: authority.certificateFile,
                usesEnvironment ? "" : "proxy = \(proxy)",
                environment: ["https_proxy": usesEnvironment ? proxy : nil])
            let result = try await helper.run("get")
            #expect(result.token == "token", "\(result)")
            #expect(try await tunnel.readLine() == "CONNECT localhost:\(server.port) HTTP/1.1")
        }
        await tunnel.kill()
        await server.stop()
    }
}

/// An HTTP proxy that opens every tunnel and says which.
private let tunnelScript = #"""
    import socket, sys, threading

    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve(client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(65536)
        line = head.split(b"\r\n")[0].decode()
        print(line, flush=True)
        server = socket.create_connection(("127.0.0.1", int(line.split()[1].split(":")[1])))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        threading.Thread(target=pump, args=(client, server), daemon=True).start()
        pump(server, client)

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    threading.Thread(target=accept, daemon=True).start()
    sys.stdin.buffer.read()
    """#
