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

    @Test func passesOnHowTheServerEnds() async throws {
        let authority = try await CertificateAuthority()
        let certificate = try await authority.issue()
        let server = try ScriptedServer { request, _ in
            request.path == "/reset" ? .reset : .raw("HTTP/1.1 200 OK\r\n\r\nuntil the end")
        }
        let proper = try await TLSProxy(certificate, before: server)
        #expect(try await Self.curl(proper.url, authority).status == 0)
        #expect(try await Self.curl("\(proper.url)/reset", authority).status != 0)
        let truncating = try await TLSProxy(certificate, before: server, manner: .truncating)
        #expect(try await Self.curl(truncating.url, authority).status == 56)
        let refusing = try await TLSProxy(certificate, before: server, manner: .refusing)
        #expect(try await Self.curl(refusing.url, authority).status == 35)
        for proxy in [proper, truncating, refusing] { await proxy.stop() }
    }
}
