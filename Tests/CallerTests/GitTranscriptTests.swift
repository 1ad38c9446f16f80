import Platform
import TestSupport
import Testing

/// git's credential helper protocol, byte for byte.
@Suite struct GitTranscriptTests {
    static let place = "protocol=https\nhost=git.example.com\n"
    static let basic = "username=oauth2\npassword=sesame\npassword_expiry_utc=EXPIRY\n"
    static let bearer =
        "capability[]=authtype\nauthtype=Bearer\ncredential=sesame\nephemeral=1\npassword_expiry_utc=EXPIRY\n"

    /// Half of the SHA-256 of `sesame`: what comes back should the server refuse it.
    static let state = "state[]=butlr:d0c04f4b1951e4aeaaec8223ed2039e5\n"
    static let comeback = state + "continue=1\n"

    struct Exchange: Sendable, CustomTestStringConvertible {
        let input: String
        let output: String
        var profile = ""

        init(_ input: String, _ output: String, profile: String = "") {
            (self.input, self.output, self.profile) = (input, output, profile)
        }

        var testDescription: String { input.debugDescription }
    }

    @Test(arguments: [
        Exchange(place, basic),
        Exchange(place + "\n", basic),
        Exchange("host=git.example.com\nprotocol=https", basic),
        Exchange(place + "unknown=1\nunknown[]=2\n", basic),
        Exchange(place + "path=org/repo.git\n", basic),
        Exchange("url=https://git.example.com/org/repo.git\n", basic),
        Exchange("url=https://GIT.example.com.:443\n", basic),
        Exchange("protocol=https\nhost=GIT.Example.COM.:443\n", basic),
        // The user name that git knows already, or the one of the profile.
        Exchange(place + "username=ada\n", basic.replacing("oauth2", with: "ada")),
        Exchange(place + "username=\n", basic),
        Exchange(
            place, basic.replacing("oauth2", with: "x-token-auth"), profile: "git-username = x-token-auth"),
        Exchange(
            place + "username=ada\n", basic.replacing("oauth2", with: "x-token-auth"),
            profile: "git-username = x-token-auth"),
        // git before 2.41 knows neither capabilities nor challenges, git before 2.46 no capabilities.
        Exchange(place + "wwwauth[]=Bearer realm=\"git\"\n", basic),
        Exchange(
            "capability[]=state\n" + place + "wwwauth[]=Bearer realm=\"git\"\n",
            "capability[]=state\n" + basic + comeback),
        Exchange(
            "capability[]=state\n" + place + "state[]=other:1\n", "capability[]=state\n" + basic + comeback),
        Exchange("capability[]=state\n" + place + "state[]=butlr:another\n", basic),
        Exchange("capability[]=authtype\n" + place + "wwwauth[]=Basic realm=\"git\"\n", basic),
        Exchange("capability[]=authtype\n" + place + "wwwauth[]=Bearerish realm=\"git\"\n", basic),
        // Without a challenge nothing speaks against what the caller says it can send.
        Exchange("capability[]=authtype\n" + place, bearer),
        Exchange(
            "capability[]=authtype\ncapability[]=state\n" + place
                + "wwwauth[]=Bearer realm=\"git\", scope=\"repo\"\nwwwauth[]=Basic realm=\"git\"\n",
            bearer.replacing("authtype\nauth", with: "authtype\ncapability[]=state\nauth") + comeback),
        Exchange("capability[]=authtype\n" + place + "wwwauth[]=Negotiate\nwwwauth[]=bearer\n", bearer),
        Exchange("capability[]=authtype\n" + place + "username=ada\nwwwauth[]=BEARER x=y\n", bearer),
        // An empty member empties its list, and no other.
        Exchange("capability[]=authtype\ncapability[]=\n" + place + "wwwauth[]=Bearer\n", basic),
        Exchange("capability[]=authtype\n" + place + "wwwauth[]=Basic\nwwwauth[]=\n", bearer),
        Exchange("capability[]=\ncapability[]=authtype\n" + place + "wwwauth[]=\nwwwauth[]=Bearer\n", bearer),
        // What follows the empty line is not read.
        Exchange(place + "\nhost=evil.example\n", basic),
        Exchange(place + "\nnonsense", basic),
    ])
    func givesTheToken(_ exchange: Exchange) async throws {
        let account = try Account(profile: "url = https://git.example.com/\n\(exchange.profile)")
        let expires = try await account.seed()
        let result = try await account.helper.run("git", "get", input: .text(exchange.input))
        #expect(Answer(result) == Answer(exchange.output.ending(expires)))
        #expect(account.provider.requests.count == 1)
    }

    /// git 2.46 and later bring the state back when the server has refused the token; a second time is not offered.
    @Test func replacesTheTokenThatCameBack() async throws {
        let account = try Account()
        try await account.seed()
        for _ in 0..<2 {
            let result = try await account.helper.run(
                "git", "get",
                input: .text("capability[]=authtype\ncapability[]=state\n" + Self.place + Self.state))
            #expect(
                result.output.hasPrefix("capability[]=authtype\nauthtype=Bearer\ncredential=sesame-2\n"),
                "\(result)")
            #expect(!result.output.contains("state"), "\(result)")
        }
        #expect(account.provider.requests.count == 2)
    }

    /// Paths that a profile lists are compared when git sends one (`credential.useHttpPath`).
    @Test(arguments: [
        ("path=team\n", true), ("path=team/repo.git\n", true), ("path=/team/repo.git\n", true),
        ("path=other/../team/repo.git\n", true), ("path=team/../other\n", false),
        ("path=teamwork/repo.git\n", false), ("path=other/team\n", false), ("path=team%2Frepo.git\n", false),
        ("", false),
    ])
    func comparesPaths(line: String, isServed: Bool) async throws {
        let account = try Account(profile: "url = https://git.example.com/team")
        let result = try await account.helper.run("git", "get", input: .text(Self.place + line))
        #expect(result.output.contains("password=sesame\n") == isServed, "\(result)")
        #expect(result.errors == "")
        #expect(result.status == 0)
    }

    /// For what is not configured, and for what is no place on the web, there is silence.
    @Test(arguments: [
        "", "\n", "protocol=https\n", "host=git.example.com\n", "protocol=\nhost=git.example.com\n",
        "protocol=https\nhost=\n", "protocol=http\nhost=git.example.com\n",
        "protocol=smtp\nhost=git.example.com\n", "protocol=imap\nhost=git.example.com:993\n",
        "protocol=cert\nhost=\npath=/home/ada/client.pem\n", "protocol=HTTPS \nhost=git.example.com\n",
        "protocol=https\nhost=evil.example\n", "protocol=https\nhost=git.example.com.evil.example\n",
        "protocol=https\nhost=evilgit.example.com\n", "protocol=https\nhost=sub.git.example.com\n",
        "protocol=https\nhost=git.example.com:8443\n", "protocol=https\nhost=git.example.com:443:443\n",
        "protocol=https\nhost=git.example.com:65979\n", "protocol=https\nhost=git.example.com:-443\n",
        "protocol=https\nhost=git.example.com@evil.example\n",
        "protocol=https\nhost=evil.example@git.example.com\n",
        "protocol=https\nhost=evil.example:x@git.example.com:443\n",
        "protocol=https\nhost=git.example.com/evil.example\n",
        "protocol=https\nhost=evil.example/git.example.com\n",
        "protocol=https\nhost=git.example.com?evil.example\n",
        "protocol=https\nhost=git.example.com#evil.example\n",
        "protocol=https\nhost=git.example.com\\@evil.example\n",
        "protocol=https\nhost=git.example.com%00.evil.example\n",
        "protocol=https\nhost=git%2Eexample.com\n", "protocol=https\nhost= git.example.com\n",
        "protocol=https\nhost=git.example.com\t\n", "protocol=https\nhost=git。example。com\n",
        "url=https://evil.example/\n", "url=https://git.example.com@evil.example/\n",
        "url=https://evil.example/@git.example.com/\n", "url=https://evil.example#@git.example.com/\n",
        "url=https://evil.example?@git.example.com/\n", "url=https://evil.example\\@git.example.com/\n",
        "url=http://git.example.com/\n", "url=git.example.com\n", "url=\n",
        // Two places in one description: git would take the later one, a careless reader the other.
        "protocol=https\nhost=evil.example\nhost=git.example.com\n",
        "protocol=http\nprotocol=https\nhost=git.example.com\n",
        "protocol=https\nhost=git.example.com\npath=a\npath=b\n",
        "url=https://evil.example/\nurl=https://git.example.com/\n",
        "url=https://git.example.com/\nprotocol=https\nhost=evil.example\n",
        "protocol=https\nhost=evil.example\nurl=https://git.example.com/\n",
        // The end of the input is the end of the description: nothing beyond it is ours.
        "\nprotocol=https\nhost=git.example.com\n",
    ])
    func isSilentForOthers(input: String) async throws {
        let account = try Account()
        let result = try await account.helper.run("git", "get", input: .text(input))
        #expect(Answer(result) == Answer(""))
        #expect(try account.isUntouched)
    }

    @Test(arguments: [
        Array("protocol\nhost=git.example.com\n".utf8),
        Array("{\"protocol\":\"https\"}\n".utf8),
        Array("\(place)username=ada\0\n".utf8),
        Array(place.utf8) + [0xFF, 0x3D, 0x31, 0x0A],
        Array(place.utf8) + Array("username=".utf8) + [0xC3, 0x28, 0x0A],
        Array("\(place)path=\(String(repeating: "a", count: 65_530))\n".utf8),
        // Libraries that take a CR for the end of a line would see another host (CVE-2024-52006).
        Array("\(place)username=a\rhost=evil.example\n".utf8),
        Array("protocol=https\r\nhost=git.example.com\r\n\r\n".utf8),
    ])
    func explainsWhatIsMalformed(input: [UInt8]) async throws {
        let account = try Account()
        let result = try await account.helper.run("git", "get", input: .bytes(input))
        let errors = "butlr-credential: this is not a credential description in git's format\n"
        #expect(Answer(result) == Answer("", errors: errors))
        #expect(try account.isUntouched)
    }

    /// 65,535 bytes with its newline is what git itself sends at most.
    @Test func takesTheLongestLine() async throws {
        let account = try Account()
        let path = String(repeating: "a", count: 65_529)
        let result = try await account.helper.run(
            "git", "get", input: .text("\(Self.place)username=a\npat=\(path)\n"))
        #expect(result.output.hasPrefix("username=a\npassword=sesame\n"), "\(result)")
    }

    /// Whoever ends the description with an empty line may keep its end open.
    @Test(arguments: [
        ("get", "username=oauth2\npassword=sesame\n"), ("store", ""), ("erase", ""), ("approve-all", ""),
        ("capability", "version 0\ncapability authtype\ncapability state\n"),
    ])
    func waitsForNoMoreThanAnEmptyLine(operation: String, output: String) async throws {
        // Whatever waits for the end of its input fails, and does so soon.
        let account = try Account(environment: ["BUTLR_TIMEOUT": "2"])
        let child = try account.helper.start("git", operation, input: .open)
        child.write("\(Self.place)\nand more")
        let result = try await child.wait()
        #expect(result.output.hasPrefix(output) && result.output.isEmpty == output.isEmpty, "\(result)")
        #expect(result.errors == "")
        #expect(result.status == 0)
    }

    @Test(arguments: [["git", "get"], ["git", "erase"]])
    func doesNotWaitForEver(arguments: [String]) async throws {
        let account = try Account(environment: ["BUTLR_TIMEOUT": "1"])
        let child = try account.helper.program(arguments).start(input: .open)
        child.write(Self.place)
        let errors = "butlr-credential: the request on standard input did not end in time\n"
        #expect(Answer(try await child.wait()) == Answer("", errors: errors))
    }

    /// `store` brings what came from here, and later versions of git may ask for more: both are passed over.
    @Test(arguments: [
        (["git", "store"], "\(place)username=oauth2\npassword=other\n"), (["git", "store"], "nonsense"),
        (["git", "approve"], place), (["git", "get", "more"], place),
        (["git", "store"], String(repeating: "x", count: 1 << 21)),
    ])
    func passesOverWhatIsNotForIt(arguments: [String], input: String) async throws {
        let account = try Account()
        #expect(
            Answer(try await account.helper.program(arguments).run(input: .text(input))) == Answer(""))
        #expect(try account.isUntouched)
    }

    @Test func saysWhatItCan() async throws {
        let account = try Account()
        for input in [Program.Input.null, .closed, "", "anything"] {
            #expect(
                Answer(try await account.helper.run("git", "capability", input: input))
                    == Answer("version 0\ncapability authtype\ncapability state\n"))
        }
        #expect(try account.isUntouched)
    }

    /// A mistyped option is not passed over: the token would be that of another profile.
    @Test func refusesUnknownOptions() async throws {
        let account = try Account()
        let result = try await account.helper.run(
            "git", "--profil", "other", "get", input: .text(Self.place))
        #expect(result.output == "")
        #expect(result.errors.contains("did you mean --profile?"), "\(result)")
        #expect(try account.isUntouched)
    }

    @Test func needsAnOperation() async throws {
        let account = try Account()
        #expect(
            Answer(try await account.helper.run("git"))
                == Answer(
                    "",
                    errors:
                        "butlr-credential: git needs an operation: get, store, erase or capability\n",
                    status: 64))
    }

    /// A token is forgotten when it is the one that the server refused, and only then.
    @Test(arguments: [
        ("\(place)username=oauth2\npassword=sesame\n", "sesame-2"),
        ("\(place)password=sesame\n\n", "sesame-2"),
        ("url=https://git.example.com/\npassword=sesame\n", "sesame-2"),
        ("capability[]=authtype\nauthtype=Bearer\ncredential=sesame\nephemeral=1\n\(place)", "sesame-2"),
        ("\(place)username=oauth2\npassword=other\n", "sesame"),
        ("\(place)username=oauth2\npassword=sesame-2\n", "sesame"),
        ("\(place)username=oauth2\npassword=\n", "sesame"),
        ("\(place)username=oauth2\n", "sesame"), (place, "sesame"), ("", "sesame"),
        ("protocol=https\nhost=evil.example\npassword=sesame\n", "sesame"),
        ("protocol=http\nhost=git.example.com\npassword=sesame\n", "sesame"),
    ])
    func forgetsWhatWasRefused(input: String, next: String) async throws {
        let account = try Account()
        try await account.seed()
        #expect(Answer(try await account.helper.run("git", "erase", input: .text(input))) == Answer(""))
        #expect(account.provider.requests.count == 1)
        #expect(Answer(try await account.helper.run("token")) == Answer(next + "\n"))
    }

    // MARK: Failures

    /// The URL is ours, so nobody else has the password for it: git is told not to ask.
    @Test func stopsGitWhenItsOwnTokenCannotBeHad() async throws {
        let account = try Account(refusal: .json(#"{"error":"invalid_client"}"#, status: 401))
        let result = try await account.helper.run("git", "get", input: .text(Self.place))
        #expect(result.output == "quit=1\n")
        #expect(result.errors.hasPrefix("butlr-credential: profile \"default\": "), "\(result)")
        #expect(result.status == 0)
    }

    @Test func leavesOthersTheirTurnWhenItsConfigIsBroken() async throws {
        let account = try Account()
        try account.helper.config("[profile \"default\"]\nclient-di = x\n")
        let result = try await account.helper.run("git", "get", input: .text(Self.place))
        #expect(result.output == "")
        #expect(result.errors.contains("config:2: "), "\(result)")
        #expect(result.errors.contains("client-id"), "\(result)")
        #expect(result.status == 0)
    }

    @Test func isNarrowedToOneProfile() async throws {
        let account = try Account(
            profile: """
                    url = https://git.example.com/
                [profile "other"]
                    provider = oauth2
                    token-endpoint = http://127.0.0.1:1/token
                    client-id = cli
                    client-secret = plain:s3cret
                    url = https://other.example/
                """)
        let other = try await account.helper.run(
            "git", "--profile", "other", "get", input: .text(Self.place))
        #expect(Answer(other) == Answer(""))
        let own = try await account.helper.run(
            "git", "--profile", "default", "get", input: .text(Self.place))
        #expect(own.output.hasPrefix("username=oauth2\npassword=sesame\n"), "\(own)")
    }
}
