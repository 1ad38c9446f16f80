import Platform
import Synchronization
import TestSupport
import Testing

/// kubectl itself against a server that wants a bearer token.
@Suite(.clients("kubectl", "openssl", "python3")) struct KubectlTests {
    /// An account, a server by TLS, and a kubeconfig that names both.
    struct Setup {
        let account: Account
        let server: ScriptedServer
        let proxy: TLSProxy
        private let authority: CertificateAuthority

        init(
            accepting token: String = "sesame", providesClusterInfo: Bool, isListed: Bool = true,
            version: String = "v1", refusal: ScriptedServer.Reply? = nil
        ) async throws {
            account = try Account(profile: "", refusal: refusal)
            server = try ScriptedServer { request, _ in
                if request.header("Authorization") == "Bearer \(token)" {
                    return .json(#"{"kind":"APIVersions","versions":["v1"]}"#)
                }
                return .json(
                    #"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Unauthorized","code":401}"#,
                    status: 401)
            }
            authority = try await CertificateAuthority()
            proxy = try await TLSProxy(try await authority.issue(), before: server)
            if isListed {
                let config = try account.helper.configFolder.read("config")
                try account.helper.config("\(config)\n    url = \(proxy.url)/\n")
            }
            try account.helper.home.write(
                "kubeconfig",
                """
                apiVersion: v1
                kind: Config
                current-context: test
                clusters:
                - name: test
                  cluster:
                    server: \(proxy.url)
                    certificate-authority: \(authority.certificateFile)
                contexts:
                - name: test
                  context: {cluster: test, user: test}
                users:
                - name: test
                  user:
                    exec:
                      apiVersion: client.authentication.k8s.io/\(version)
                      command: \(account.helper.executable)
                      args: ["kubernetes", "--profile", "default"]
                      interactiveMode: Never
                      provideClusterInfo: \(providesClusterInfo)
                """)
        }

        /// Asks the server for its versions.
        func ask() async throws -> Program.Outcome {
            try await account.helper.client(
                "kubectl", ["get", "--raw", "/api"],
                environment: ["KUBECONFIG": account.helper.home.path("kubeconfig")]
            ).run()
        }
    }

    @Test(arguments: ["v1", "v1beta1"], [false, true])
    func sendsTheToken(version: String, providesClusterInfo: Bool) async throws {
        let setup = try await Setup(providesClusterInfo: providesClusterInfo, version: version)
        for _ in 0..<2 {
            let result = try await setup.ask()
            #expect(result.output == #"{"kind":"APIVersions","versions":["v1"]}"#, "\(result)")
            #expect(result.status == 0)
        }
        #expect(setup.server.requests.allSatisfy { $0.header("Authorization") == "Bearer sesame" })
        #expect(setup.account.provider.requests.count == 1)
        await setup.proxy.stop()
    }

    /// kubectl says to nobody that a token was refused, but a person can.
    @Test func takesANewTokenWhenAPersonAsksForIt() async throws {
        let setup = try await Setup(accepting: "sesame-2", providesClusterInfo: true)
        for _ in 0..<2 {
            let refused = try await setup.ask()
            #expect(refused.status == 1)
            #expect(refused.errors.contains("You must be logged in"), "\(refused)")
        }
        #expect(setup.account.provider.requests.count == 1)
        #expect(try await setup.account.helper.run("token", "--force-refresh").output == "sesame-2\n")
        let result = try await setup.ask()
        #expect(result.status == 0, "\(result)")
        #expect(setup.account.provider.requests.count == 2)
        await setup.proxy.stop()
    }

    /// A cluster that the profile does not list is refused, where kubectl says which one it is.
    @Test func refusesAnotherCluster() async throws {
        let setup = try await Setup(providesClusterInfo: true, isListed: false)
        let result = try await setup.ask()
        #expect(result.status == 1)
        #expect(
            result.errors.contains("butlr-credential: profile \"default\" does not list \(setup.proxy.url)/"),
            "\(result)")
        #expect(result.errors.contains("failed with exit code 69"), "\(result)")
        #expect(setup.server.requests.isEmpty)
        #expect(setup.account.provider.connectionCount == 0)
        await setup.proxy.stop()
    }

    @Test func tellsWhyThereIsNoToken() async throws {
        let setup = try await Setup(
            providesClusterInfo: false, refusal: .json(#"{"error":"invalid_client"}"#, status: 401))
        let result = try await setup.ask()
        #expect(result.status == 1)
        #expect(result.errors.contains("butlr-credential: profile \"default\": "), "\(result)")
        #expect(result.errors.contains("failed with exit code 78"), "\(result)")
        #expect(setup.server.requests.isEmpty)
        await setup.proxy.stop()
    }
}
