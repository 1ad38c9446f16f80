import TestSupport
import Testing

/// Tools that were tricked into asking for another's token, as they have been: the token stays where it is.
///
/// The victim's token, which is stored, is for `https://good.example/` alone.
@Suite struct HostileCallerTests {
    struct Attack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What the tool calls the helper.
        var program = "butlr-credential"
        var arguments: [String]
        var input: String = ""
        var environment: [String: String?] = [:]
    }

    private static func git(_ name: String, _ lines: String...) -> Attack {
        Attack(
            testDescription: "git: \(name)", program: "git-credential-butlr", arguments: ["get"],
            input: (["capability[]=authtype"] + lines).joined(separator: "\n") + "\n\n")
    }

    private static func docker(_ name: String, _ server: String) -> Attack {
        Attack(
            testDescription: "docker: \(name)", program: "docker-credential-butlr", arguments: ["get"],
            input: server)
    }

    private static func kubectl(_ name: String, _ spec: String, version: String = "v1") -> Attack {
        Attack(
            testDescription: "kubectl: \(name)", arguments: ["kubernetes"],
            environment: [
                "KUBERNETES_EXEC_INFO":
                    #"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/\#(version)","spec":\#(spec)}"#
            ])
    }

    private static func native(_ name: String, _ request: String) -> Attack {
        Attack(testDescription: "get: \(name)", arguments: ["get"], input: request)
    }

    private static func cargo(_ name: String, _ index: String) -> Attack {
        Attack(
            testDescription: "cargo: \(name)", program: "cargo-credential-butlr",
            arguments: ["--cargo-plugin"],
            input:
                #"{"v":1,"registry":{"index-url":"\#(index)","name":"good"},"kind":"get","operation":"read","args":[]}"#
                + "\n")
    }

    private static func terraform(_ name: String, _ host: String) -> Attack {
        Attack(
            testDescription: "terraform: \(name)", program: "terraform-credentials-butlr",
            arguments: ["get", host])
    }

    private static func go(_ name: String, _ url: String, head: String = "") -> Attack {
        Attack(testDescription: "go: \(name)", arguments: ["go", url], input: head)
    }

    private static func pip(_ name: String, _ service: String) -> Attack {
        Attack(testDescription: "pip: \(name)", arguments: ["pip", "get", service, "user"])
    }

    private static func askpass(_ name: String, _ prompt: String) -> Attack {
        Attack(testDescription: "askpass: \(name)", program: "butlr-askpass", arguments: [prompt])
    }

    /// git's, by the names of its advisories.
    static let ofGit: [Attack] = [
        git(
            "CVE-2020-5260, a newline in the URL", "protocol=https", "host=evil.example", "host=good.example"),
        git(
            "CVE-2020-5260, in the path", "protocol=https", "host=evil.example", "path=x", "host=good.example"
        ),
        git("CVE-2020-5260, the other way round", "protocol=https", "host=good.example", "host=evil.example"),
        git("CVE-2020-5260, two protocols", "protocol=http", "host=good.example", "protocol=https"),
        git("CVE-2020-11008, no host", "protocol=https"),
        git("CVE-2020-11008, an empty host", "protocol=https", "host=", "path=good.example"),
        git("CVE-2020-11008, no protocol", "host=good.example"),
        git("CVE-2020-11008, an empty protocol", "protocol=", "host=good.example"),
        git("CVE-2020-11008, a URL without a scheme", "url=good.example"),
        git("CVE-2020-11008, a URL without a host", "url=https:///good.example"),
        git(
            "CVE-2020-11008, a question mark in the host", "protocol=https", "host=evil.example?good.example"),
        git("CVE-2024-50349, an encoded escape", "protocol=https", "host=good.example%1b[2Jevil.example"),
        git("CVE-2024-50349, an escape", "protocol=https", "host=good.example\u{1b}[2J.evil.example"),
        git("CVE-2024-52006, a carriage return", "protocol=https", "host=evil.example\rhost=good.example"),
        git("CVE-2024-52006, in the URL", "url=https://evil.example\r.good.example/"),
        git("CVE-2024-52006, before the end", "protocol=https\r", "host=good.example\r"),
        git(
            "CVE-2024-50338, for .NET's reader", "protocol=https", "host=evil.example\u{85}host=good.example"),
        git(
            "CVE-2024-50338, a line separator", "protocol=https", "host=evil.example\u{2028}host=good.example"
        ),
        git("CVE-2024-53263, for git-lfs, in the URL", "url=https://evil.example/%0ahost=good.example"),
        git("CVE-2024-53263, carriage return", "url=https://evil.example%0d%0ahost=good.example/"),
        git(
            "CVE-2025-23040, a path that looks like a host", "protocol=https", "host=evil.example",
            "path=good.example"),
        git("CVE-2025-23040, a carriage return in the URL", "url=https://evil.example/\rgood.example"),
        git("a NUL", "protocol=https", "host=good.example\u{0}.evil.example"),
        git("a URL and a host", "url=https://good.example/", "protocol=https", "host=evil.example"),
        git("userinfo in the host", "protocol=https", "host=evil@good.example"),
        git("userinfo that looks like the host", "url=https://good.example@evil.example/"),
        git("userinfo with a port", "url=https://good.example:443@evil.example/"),
        git("a backslash", "url=https://evil.example\\@good.example/"),
        git("a backslash before the host", "url=https://evil.example\\.good.example/"),
        git("a fragment", "url=https://evil.example#@good.example/"),
        git("another port", "protocol=https", "host=good.example:8443"),
        git("a port too large by 65536", "protocol=https", "host=good.example:65979"),
        git("plain http", "protocol=http", "host=good.example"),
        git("http on port 443", "protocol=http", "host=good.example:443"),
        git("a longer name", "protocol=https", "host=good.example.evil.example"),
        git("a name that ends alike", "protocol=https", "host=evil-good.example"),
        git("a name below", "protocol=https", "host=a.good.example"),
        git("a letter that looks alike", "protocol=https", "host=gооd.example"),
        git("a letter that looks alike, in Punycode", "protocol=https", "host=xn--gd-jlca.example"),
        git("full width letters", "protocol=https", "host=ｇｏｏｄ.example"),
        git("an ideographic full stop", "protocol=https", "host=good。example"),
        git("a soft hyphen", "protocol=https", "host=go\u{AD}od.example"),
        git("a dotless i in another case", "protocol=https", "host=good.exampLE\u{131}"),
        git("percent-encoding", "protocol=https", "host=g%6Fod.example"),
        git("two dots at the end", "protocol=https", "host=good.example.."),
        git("a blank before the host", "protocol=https", "host= good.example"),
        git("a certificate", "protocol=cert", "host=good.example"),
        git("mail", "protocol=smtp", "host=good.example"),
        git("a key in another case", "PROTOCOL=https", "HOST=good.example"),
        git("a list", "protocol[]=https", "host[]=good.example"),
    ]

    static let ofOthers: [Attack] = [
        docker("a path that looks like a host", "https://evil.example/good.example"),
        docker("userinfo", "https://good.example@evil.example"),
        docker("userinfo before the host", "evil@good.example"),
        docker("a newline", "evil.example\ngood.example"),
        docker("a newline behind", "good.example\nevil.example"),
        docker("a carriage return", "evil.example\rgood.example"),
        docker("a NUL", "good.example\u{0}.evil.example"),
        docker("a fragment", "evil.example#good.example"),
        docker("a query", "evil.example?good.example"),
        docker("a backslash", "evil.example\\good.example"),
        docker("another port", "good.example:5000"),
        docker("plain http", "http://good.example"),
        docker("a longer name", "good.example.evil.example"),
        docker("an old key of a longer name", "https://good.example.evil.example/v1/"),
        docker("JSON", #"{"ServerURL":"https://good.example"}"#),
        kubectl("another server", #"{"cluster":{"server":"https://evil.example"}}"#),
        kubectl("plain http", #"{"cluster":{"server":"http://good.example"}}"#),
        kubectl("userinfo", #"{"cluster":{"server":"https://good.example@evil.example"}}"#),
        kubectl(
            "a name of TLS's",
            #"{"cluster":{"server":"https://evil.example","tls-server-name":"good.example"}}"#),
        kubectl(
            "a proxy", #"{"cluster":{"server":"https://evil.example","proxy-url":"https://good.example"}}"#),
        kubectl(
            "two servers", #"{"cluster":{"server":"https://evil.example","server":"https://good.example"}}"#),
        kubectl(
            "two clusters",
            #"{"cluster":{"server":"https://evil.example"},"cluster":{"server":"https://good.example"}}"#),
        kubectl(
            "two servers, one escaped",
            #"{"cluster":{"server":"https://evil.example","\u0073erver":"https://good.example"}}"#),
        kubectl("a server that is no text", #"{"cluster":{"server":["https://good.example"]}}"#),
        kubectl("an empty server", #"{"cluster":{"server":""}}"#),
        kubectl("a server without a scheme", #"{"cluster":{"server":"good.example"}}"#),
        kubectl("a newline", #"{"cluster":{"server":"https://good.example\n.evil.example"}}"#),
        kubectl("an escaped NUL", #"{"cluster":{"server":"https://good.example\u0000.evil.example"}}"#),
        kubectl("a version of its own", #"{"cluster":{"server":"https://good.example"}}"#, version: "v9"),
        native("another server", #"{"uri":"https://evil.example/"}"#),
        native("two URLs", #"{"uri":"https://evil.example/","uri":"https://good.example/"}"#),
        native(
            "two URLs, one escaped", #"{"uri":"https://evil.example/","\u0075ri":"https://good.example/"}"#),
        native("two requests", #"{"uri":"https://evil.example/"}{"uri":"https://good.example/"}"#),
        native("a URL that is no text", #"{"uri":{"good":"https://good.example/"}}"#),
        native("an empty URL", #"{"uri":""}"#),
        native("a name below", #"{"uri":"https://a.good.example/"}"#),
        native("a profile and another server", #"{"uri":"https://evil.example/","profile":"default"}"#),
        native("a surrogate", #"{"uri":"https://good.example/\ud800"}"#),
        native("what is no JSON", "{'uri':'https://good.example/'}"),
        cargo("another registry", "sparse+https://evil.example/good.example/"),
        cargo("userinfo", "sparse+https://good.example@evil.example/"),
        cargo("plain http", "sparse+http://good.example/"),
        cargo("ssh", "ssh://good.example/index"),
        cargo("a newline", "sparse+https://evil.example/\\nsparse+https://good.example/"),
        cargo("two schemes", "sparse+sparse+https://good.example/"),
        terraform("another host", "evil.example"),
        terraform("a path", "evil.example/good.example"),
        terraform("a path that climbs", "evil.example/../good.example"),
        terraform("userinfo", "good.example@evil.example"),
        terraform("another port", "good.example:8443"),
        terraform("a newline", "good.example\nevil.example"),
        terraform("a blank", "good.example evil.example"),
        go("another server", "https://evil.example/good.example"),
        go(
            "a response of another's", "https://evil.example/",
            head: "HTTP/1.1 401 Unauthorized\r\nHost: good.example\r\n\r\n"),
        go("userinfo", "https://good.example@evil.example/"),
        go("plain http", "http://good.example/"),
        go("a newline", "https://evil.example/\nhttps://good.example/"),
        pip("another index", "https://evil.example/good.example/simple"),
        pip("userinfo", "https://good.example@evil.example/simple"),
        pip("a backslash", "https://evil.example\\@good.example/simple"),
        pip("plain http", "http://good.example/simple"),
        pip("a name of a service", "good"),
        askpass("another server", "Password for 'https://evil.example': "),
        askpass("a server in the user name", "Password for 'https://good.example@evil.example': "),
        askpass("a quote", "Password for 'https://evil.example' 'https://good.example': "),
        askpass("a newline", "Password for 'https://evil.example\nhttps://good.example': "),
        askpass("another question", "Enter passphrase for key 'https://good.example': "),
        Attack(
            testDescription: "token: another server", arguments: ["token", "--url", "https://evil.example/"]),
        Attack(testDescription: "token: an empty URL", arguments: ["token", "--url", ""]),
        Attack(
            testDescription: "token: two URLs",
            arguments: ["token", "--url", "https://good.example/", "--url", "https://evil.example/"]),
    ]

    @Test(arguments: ofGit + ofOthers)
    func noTokenLeavesForAPlaceThatIsNotListed(_ attack: Attack) async throws {
        let victim = try Victim()
        try await victim.seed()
        var program = victim.helper.program(attack.arguments, environment: attack.environment)
        program.calledAs = attack.program
        let result = try await program.run(input: .text(attack.input))
        expectNoCanary(result)
        expectHarmless(result.everything)
        #expect(result.status != nil, "\(result)")
        #expect(victim.provider.requests.count == 1)
    }

    /// The same tools, asking for what is theirs: without that the table would prove nothing.
    @Test(arguments: [
        git("the place itself", "protocol=https", "host=good.example"),
        git("its URL", "url=https://GOOD.example:443/x"),
        docker("the place itself", "good.example"), docker("an old key", "https://good.example/v1/"),
        kubectl("the place itself", #"{"cluster":{"server":"https://good.example"}}"#),
        native("the place itself", #"{"uri":"https://good.example/x"}"#),
        cargo("the place itself", "sparse+https://good.example/index/"),
        terraform("the place itself", "good.example"),
        go("the place itself", "https://good.example/"),
        pip("the place itself", "https://good.example/simple"),
        askpass("the place itself", "Password for 'https://ada@good.example': "),
        Attack(
            testDescription: "token: the place itself",
            arguments: ["token", "--url", "https://good.example/"]),
    ])
    func theTokenIsForThePlaceThatIsListed(_ request: Attack) async throws {
        let victim = try Victim()
        try await victim.seed()
        var program = victim.helper.program(request.arguments, environment: request.environment)
        program.calledAs = request.program
        let result = try await program.run(input: .text(request.input))
        #expect(result.output.contains(Victim.token), "\(result)")
        #expect(result.status == 0)
    }
}
