import TestSupport
import Testing

@Suite(.clients("openssl", "python3", "curl")) struct TLSProxyTests {
    static func curl(_ url: String, _ authority: CertificateAuthority) async throws -> Program.Outcome {
        try await Program(
            "curl", ["-q", "-sS", "--noproxy", "*", "--cacert", authority.certificateFile, url],
            environment: .inherited("PATH")
        ).run()
    }

    @Test(arguments: CertificateAuthority.Variant.allCases)
    func isTrustedOnlyWithAGoodCertificate(_ variant: CertificateAuthority.Variant) async throws {
        let authority = try await CertificateAuthority()
        let server = try ScriptedServer { request, _ in .http("over TLS: \(request.path)") }
        let proxy = try await TLSProxy(try await authority.issue(variant), before: server)
        let result = try await Self.curl("\(proxy.url)/path", authority)
        if variant == .valid {
            #expect(result.status == 0, "\(result)")
            #expect(result.output == "over TLS: /path")
            #expect(
                try await Self.curl("https://localhost:\(proxy.port)/", authority).output == "over TLS: /")
        } else {
            #expect(result.status == 60, "\(result)")
            #expect(server.requests.isEmpty)
        }
        await proxy.stop()
    }

    /// How the connection ended for a client that tells a proper end from a cut one.
    static func ending(_ proxy: TLSProxy, _ authority: CertificateAuthority, _ path: String) async throws
        -> String
    {
        let script = """
            import socket, ssl, sys
            context = ssl.create_default_context(cafile=sys.argv[1])
            plain = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
            try:
                client = context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
                client.sendall(f"GET {sys.argv[3]} HTTP/1.1\\r\\n\\r\\n".encode())
                while client.recv(1000):
                    pass
                print("end")
            except (ssl.SSLError, OSError) as error:
                print(type(error).__name__)
            """
        let result = try await Program(
            "python3", ["-c", script, authority.certificateFile, String(proxy.port), path],
            environment: .inherited("PATH", "HOME")
        ).run()
        #expect(result.status == 0, "\(result)")
        return result.output
    }

    @Test func passesOnHowTheServerEnds() async throws {
        let authority = try await CertificateAuthority()
        let certificate = try await authority.issue()
        let server = try ScriptedServer { request, _ in
            request.path == "/reset" ? .reset : .raw("until the end")
        }
        let proper = try await TLSProxy(certificate, before: server)
        #expect(try await Self.ending(proper, authority, "/") == "end\n")
        // Python's client takes a reset for a cut; curl tells them apart.
        let reset = try await Self.curl("\(proper.url)/reset", authority)
        #expect(reset.status == 56, "\(reset)")
        let truncating = try await TLSProxy(certificate, before: server, manner: .truncating)
        #expect(try await Self.ending(truncating, authority, "/") == "SSLEOFError\n")
        let refusing = try await TLSProxy(certificate, before: server, manner: .refusing)
        #expect(try await Self.ending(refusing, authority, "/") == "SSLEOFError\n")
        for proxy in [proper, truncating, refusing] { await proxy.stop() }
    }
}
