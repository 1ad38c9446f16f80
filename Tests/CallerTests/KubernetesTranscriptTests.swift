import Platform
import TestSupport
import Testing

/// client-go's exec credential plugin protocol, byte for byte.
@Suite struct KubernetesTranscriptTests {
    static func info(version: String = "v1", spec: String = #"{"interactive":false}"#) -> String {
        #"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/\#(version)","spec":\#(spec)}"#
            + "\n"
    }

    static func cluster(_ server: String) -> String {
        info(spec: #"{"interactive":false,"cluster":{"server":\#(server)}}"#)
    }

    static func credential(version: String = "v1", token: String = "sesame") -> String {
        #"{"apiVersion":"client.authentication.k8s.io/\#(version)","kind":"ExecCredential","#
            + #""status":{"token":"\#(token)","expirationTimestamp":"TIME"}}"# + "\n"
    }

    static func run(_ account: Account, info: String?) async throws -> Program.Outcome {
        try await account.helper.run("kubernetes", environment: ["KUBERNETES_EXEC_INFO": info])
    }

    /// client-go asks again when the moment has passed: ten seconds early, for the request that is under way.
    @Test(arguments: [
        (info(), "v1"), (info(version: "v1beta1"), "v1beta1"), (info(spec: #"{"interactive":true}"#), "v1"),
        (info(spec: "{}"), "v1"), (info(spec: #"{"interactive":null,"cluster":null}"#), "v1"),
        (cluster(#""https://k8s.example.com:6443""#), "v1"),
        (cluster(#""https://k8s.example.com:6443/api""#), "v1"), (cluster("null"), "v1"),
        (
            info(
                spec: #"{"cluster":{"server":"https://k8s.example.com:6443","config":{"a":[1]},"x":1}}"#),
            "v1"
        ),
        (#"{"apiVersion":"client.authentication.k8s.io/v1"}"#, "v1"),
    ])
    func givesTheToken(info: String, version: String) async throws {
        let account = try Account(profile: "url = https://k8s.example.com:6443/")
        let expires = try await account.seed()
        #expect(
            Answer(try await Self.run(account, info: info))
                == Answer(Self.credential(version: version).ending(expires - 10_000)))
    }

    @Test func givesTheIDTokenWhereTheProfileSaysSo() async throws {
        let account = try Account(members: #","id_token":"identity""#, profile: "token-use = id-token")
        let result = try await Self.run(account, info: Self.info())
        #expect(result.output.contains(#""token":"identity""#), "\(result)")
        #expect(!result.output.contains("sesame"), "\(result)")
    }

    /// A moment in the past would make client-go ask again for every single request.
    @Test(
        arguments: [
            (-5, 1...2), (0, 1...2), (1, 1...2), (2, 1...2), (60, 54...54), (3600, 3590...3590),
        ] as [(Int64, ClosedRange<Int64>)])
    func neverExpiresInThePast(lifetime: Int64, left: ClosedRange<Int64>) async throws {
        let account = try Account(lifetime: lifetime)
        let before = Clock.system.now()
        let result = try await Self.run(account, info: Self.info())
        let after = Clock.system.now()
        let answer = try JSON(parsing: result.outputBytes)
        let moment = try #require(answer["status"]?["expirationTimestamp"]?.string)
        let possible = before.seconds + left.lowerBound...after.seconds + left.upperBound
        #expect(possible.contains { Timestamp(seconds: $0).rfc3339 == moment }, "\(result)")
    }

    @Test(arguments: [
        (nil, 64, "KUBERNETES_EXEC_INFO"), ("", 64, "KUBERNETES_EXEC_INFO"),
        (info(version: "v1alpha1"), 65, "client.authentication.k8s.io/v1alpha1"),
        (info(version: "v2"), 65, "client.authentication.k8s.io/v2"),
        (#"{"apiVersion":"v1","kind":"ExecCredential"}"#, 65, "\"v1\""),
        (#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"Pod"}"#, 65, "is not an ExecCredential"),
        ("garbage", 65, "is not an ExecCredential"), ("[]", 65, "is not an ExecCredential"),
        ("{}", 65, "is not an ExecCredential"), (#"{"apiVersion":1}"#, 65, "is not an ExecCredential"),
        (info() + "{}", 65, "is not an ExecCredential"), (cluster("6443"), 65, "is not a string"),
        (cluster(#""https://other.example.com:6443""#), 69, "https://other.example.com:6443/"),
        (cluster(#""https://k8s.example.com""#), 69, "https://k8s.example.com/"),
        (cluster(#""http://k8s.example.com:6443""#), 69, "http://k8s.example.com:6443"),
        (cluster(#""k8s.example.com:6443""#), 69, "k8s.example.com:6443"),
        (cluster(#""""#), 69, "is not a URL"),
    ])
    func refuses(info: String?, status: Int32, reason: String) async throws {
        let account = try Account(profile: "url = https://k8s.example.com:6443/")
        let result = try await Self.run(account, info: info)
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("butlr-credential: "))
        #expect(result.errors.contains(reason), "\(result)")
        #expect(result.status == status)
        #expect(try account.isUntouched)
    }

    @Test func takesNoArguments() async throws {
        let account = try Account()
        let result = try await account.helper.run(
            "kubernetes", "get-token", environment: ["KUBERNETES_EXEC_INFO": Self.info()])
        #expect(result.errors.contains("get-token"), "\(result)")
        #expect(result.status == 64)
        #expect(try account.isUntouched)
    }

    /// Nobody sits at the terminal of a call that is not interactive.
    @Test func asksNobodyUnlessInteractive() async throws {
        let account = try Account()
        try account.helper.config(
            """
            [profile "default"]
                provider = oauth2
                token-endpoint = \(account.provider.url)/token
                client-id = cli
                client-secret = prompt:
            """)
        let terminal = try PseudoTerminal()
        let result = try await terminal.program(
            account.helper, ["kubernetes"], environment: ["KUBERNETES_EXEC_INFO": Self.info()]
        ).run()
        #expect(result.status == 78, "\(result)")
        #expect(account.provider.connectionCount == 0)
    }
}
