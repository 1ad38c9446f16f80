import Platform
import Testing

@testable import Profiles

private let client = "client-id = cli\nclient-secret = env:SECRET\n"
private let user = "username = ada\npassword = env:SECRET\n"
private let oauth2 = "provider = oauth2\ntoken-endpoint = https://id.example.com/token\n"

@Suite struct ProfileTests {
    @Test func butlrWithClientCredentialsIsTheDefault() throws {
        let profile = try profile(client)
        #expect(profile.name == "default")
        #expect(profile.provider == .butlr)
        #expect(profile.grant == .clientCredentials)
        #expect(profile.tokenEndpoint == "https://api.butlr.io/api/v2/clients/login")
        #expect(profile.refreshEndpoint == nil)
        #expect(profile.requestFormat == .json)
        #expect(profile.clientAuthentication == .post)
        #expect(profile.clientID == "cli")
        #expect(profile.clientSecret == [.env("SECRET")])
        #expect(profile.username == nil)
        #expect(profile.password == [])
        #expect(profile.audience == "https://butlrauth/")
        #expect(profile.scope == [] && profile.resources == [] && profile.parameters == [])
        #expect(profile.responseFields == .standard)
        #expect(profile.renewAhead)
        #expect(profile.tokenUse == .accessToken)
        #expect(profile.cargoToken == .bare)
        #expect(profile.minTTL == nil && profile.timeout == nil)
        #expect(profile.caFile == nil && profile.proxy == nil)
        #expect(profile.urls.map(\.description) == ["https://api.butlr.io/"])
        #expect(profile.subject == "cli")
        #expect(
            profile.provider.request(for: profile.grant).fields.prefix(4)
                == [.clientID, .clientSecret, .audience, .grantType])
    }

    @Test func butlrWithAPasswordSendsTwoFields() throws {
        let profile = try profile(user + "base-url = http://127.0.0.1:8080/gate//\n")
        #expect(profile.grant == .password)
        #expect(profile.tokenEndpoint == "http://127.0.0.1:8080/gate/api/v2/login")
        #expect(profile.refreshEndpoint == nil)
        #expect(profile.requestFormat == .json)
        #expect(profile.clientAuthentication == .none)
        #expect(profile.audience == nil)
        #expect(profile.provider.request(for: .password).fields == [.username, .password])
        #expect(profile.urls.map(\.description) == ["http://127.0.0.1:8080/gate//"])
        #expect(profile.subject == "ada")
    }

    @Test func butlrRefreshesOnlyWhereTold() throws {
        let endpoint = "refresh-endpoint = https://id.butlr.io/oauth/token?x=y\n"
        let profile = try profile(user + endpoint)
        #expect(profile.refreshEndpoint == "https://id.butlr.io/oauth/token?x=y")
        #expect(profile.refreshRequestFormat == .json)
        let inForm = try ProfilesTests.profile(user + endpoint + "request-format = form\nrefresh = on\n")
        #expect(inForm.refreshRequestFormat == .form)
        #expect(inForm.requestFormat == .json)
        #expect(try ProfilesTests.profile(user + endpoint + "refresh = off\n").refreshEndpoint == nil)
    }

    @Test func oauth2HasTheStandardsDefaults() throws {
        let profile = try profile(oauth2 + client)
        #expect(profile.grant == .clientCredentials)
        #expect(profile.tokenEndpoint == "https://id.example.com/token")
        #expect(profile.refreshEndpoint == nil)
        #expect(profile.requestFormat == .form)
        #expect(profile.clientAuthentication == .basic)
        #expect(profile.audience == nil)
        #expect(profile.urls == [])
        let password = try ProfilesTests.profile(oauth2 + client + user)
        #expect(password.grant == .password)
        #expect(password.refreshEndpoint == "https://id.example.com/token")
        #expect(password.refreshRequestFormat == .form)
        #expect(try ProfilesTests.profile(oauth2 + client + user + "refresh = off").refreshEndpoint == nil)
        let elsewhere = "refresh-endpoint = https://id.example.com/refresh\nrequest-format = json"
        let other = try ProfilesTests.profile(oauth2 + client + user + elsewhere)
        #expect(other.refreshEndpoint == "https://id.example.com/refresh")
        #expect(other.requestFormat == .json && other.refreshRequestFormat == .json)
    }

    @Test func everyKeyIsRead() throws {
        let profile = try profile(
            oauth2 + """
                grant = password
                client-auth = post
                client-id = cli
                client-secret = file:secret
                client-secret = systemd:x.y
                client-secret = "command:pass show \\"id\\" # x"
                client-secret = prompt:
                username = ada
                password = env:PW
                password = plain:"a;b #c "
                scope = write read  write
                audience = https://api/
                resource = urn:a
                resource = https://b/?c
                param = a=b=c
                param = d=
                request-format = json
                access-token-field = at
                refresh-token-field = rt
                id-token-field = it
                expires-in-field = ei
                refresh
                renew-ahead = no
                token-use = id-token
                git-username = git
                docker-username = <token>
                cargo-token = bearer
                min-ttl = 5m
                timeout = 1m
                ca-file = ~/ca.pem
                proxy = socks5h://proxy.example.com:1080
                url = https://*.example.com/x
                url = https://b.example.com
                """)
        #expect(profile.clientAuthentication == .post)
        #expect(
            profile.clientSecret.dropFirst()
                == [.systemd("x.y"), .command("pass show \"id\" # x"), .prompt])
        #expect(profile.password == [.env("PW"), .plain(Secret("a;b #c "))])
        #expect(profile.scope == ["write", "read", "write"])
        #expect(profile.audience == "https://api/")
        #expect(profile.resources == ["urn:a", "https://b/?c"])
        #expect(profile.parameters == [Parameter(name: "a", value: "b=c"), Parameter(name: "d", value: "")])
        #expect(profile.requestFormat == .json)
        #expect(
            profile.responseFields
                == ResponseFields(accessToken: "at", refreshToken: "rt", idToken: "it", expiresIn: "ei"))
        #expect(profile.refreshEndpoint == profile.tokenEndpoint)
        #expect(!profile.renewAhead)
        #expect(profile.tokenUse == .idToken)
        #expect(profile.gitUsername == "git" && profile.dockerUsername == "<token>")
        #expect(profile.cargoToken == .bearer)
        #expect(profile.minTTL == 300 && profile.timeout == 60_000)
        #expect(profile.caFile == "/home/ada/ca.pem")
        #expect(profile.proxy == "socks5h://proxy.example.com:1080")
        #expect(
            profile.urls.map(\.description) == ["https://*.example.com/x", "https://b.example.com/"])
        guard case .file(let path, let line) = profile.origin else { return #expect(Bool(false)) }
        #expect(line == 1)
        // Beside the config file.
        #expect(profile.clientSecret.first == .file(folder(of: path) + "/secret"))
    }

    @Test func theLastLineWinsAndNamesHaveNoCase() throws {
        let profile = try profile(
            "CLIENT-ID = one\nClient-Id = two\nclient-secret = env:A\nGRANT=client-credentials")
        #expect(profile.clientID == "two")
    }

    @Test(arguments: [
        ("on", true), ("true", true), ("Yes", true), ("1", true), ("off", false), ("FALSE", false),
        ("no", false),
        ("0", false), ("", false),
    ])
    func flagsAreGits(value: String, expected: Bool) throws {
        #expect(try profile(client + "renew-ahead = \(value)").renewAhead == expected)
    }

    @Test func theEnvironmentStandsInForTwoKeys() throws {
        let variables = ["BUTLR_TIMEOUT": "5", "BUTLR_CA_FILE": "~/x.pem"]
        let profile = try profile(client, variables)
        #expect(profile.timeout == 5000)
        #expect(profile.caFile == "/home/ada/x.pem")
        let told = try ProfilesTests.profile(client + "timeout = 7s\nca-file = /y.pem", variables)
        #expect(told.timeout == 7000)
        #expect(told.caFile == "/y.pem")
        let empty = try ProfilesTests.profile(client, ["BUTLR_TIMEOUT": "", "BUTLR_CA_FILE": ""])
        #expect(empty.timeout == nil && empty.caFile == nil)
        for value in ["0", "11m", "soon"] {
            let error = failure { () throws(HelperError) in
                try ProfilesTests.profile(client, ["BUTLR_TIMEOUT": value])
            }
            #expect(error?.code == .config)
            #expect(error?.message.hasPrefix("BUTLR_TIMEOUT: ") == true)
        }
    }

    @Test func endpointsHaveTheirHostsAsTheDNSHasThem() throws {
        let profile = try profile(
            "provider = oauth2\ntoken-endpoint = HTTPS://BÜCHER.example:443/Token?a=B\n" + client)
        #expect(profile.tokenEndpoint == "https://xn--bcher-kva.example/Token?a=B")
    }

    @Test(arguments: [
        "", "proxy.example.com", "proxy.example.com:3128", "http://p:1", "SOCKS4A://p", "https://[::1]:3",
    ])
    func proxies(value: String) throws {
        #expect(try profile(client + "proxy = \(value)").proxy == value)
    }
}

@Suite struct ProfileErrorTests {
    @Test(arguments: [
        // Words.
        (
            client + "provider = butler",
            "4: provider: \"butler\" is none of butlr or oauth2; did you mean \"butlr\"?"
        ),
        (client + "provider = Butlr", "4: provider: \"Butlr\" is none of"),
        (
            client + "grant = pasword",
            "4: grant: \"pasword\" is none of client-credentials or password; did you mean"
        ),
        (
            oauth2 + client + "client-auth = basics",
            "6: client-auth: \"basics\" is none of basic, post or none; did"
        ),
        (oauth2 + client + "request-format = xml", "6: request-format: \"xml\" is none of form or json"),
        (client + "token-use = access", "4: token-use: \"access\" is none of access-token or id-token"),
        (
            client + "cargo-token = barer",
            "4: cargo-token: \"barer\" is none of bare or bearer; did you mean \"bare\"?"
        ),
        (client + "renew-ahead = onn", "4: renew-ahead: \"onn\" is none of on or off; did you mean \"on\"?"),
        (oauth2 + client + user + "refresh = 2", "8: refresh: \"2\" is none of on or off"),
        // Keys for other profiles.
        (
            oauth2 + client + "base-url = https://a",
            "6: base-url is for provider = butlr; give token-endpoint"
        ),
        (client + "token-endpoint = https://a", "4: token-endpoint is for provider = oauth2; add that line"),
        (
            "provider = butlr\n" + client + "token-endpoint = https://a",
            "5: token-endpoint is for provider = oauth2;"
        ),
        (client + "client-auth = post", "4: client-auth is for provider = oauth2"),
        (client + "access-token-field = a", "4: access-token-field is for provider = oauth2"),
        (client + "refresh-token-field = a", "4: refresh-token-field is for provider = oauth2"),
        (client + "id-token-field = a", "4: id-token-field is for provider = oauth2"),
        (client + "expires-in-field = a", "4: expires-in-field is for provider = oauth2"),
        (
            client + "request-format = json",
            "4: request-format is for provider = oauth2, or for the refresh request"
        ),
        (user + "request-format = json", "4: request-format is for provider = oauth2"),
        (client + "refresh-endpoint = https://a", "4: refresh-endpoint is for grant = password"),
        (oauth2 + client + "refresh = off", "6: refresh is for grant = password"),
        (client + "grant = client-credentials\nusername = ada", "5: username is for grant = password"),
        (client + "password = env:A", "4: password is for grant = password"),
        (
            user + "client-id = a",
            "4: client-id is for grant = client-credentials and for provider = oauth2, not for"
        ),
        (user + "client-secret = env:A", "4: client-secret is for grant = client-credentials"),
        (user + "audience = a", "4: audience is for grant = client-credentials"),
        (user + "scope = a", "4: scope is for grant = client-credentials"),
        (user + "resource = urn:a", "4: resource is for grant = client-credentials"),
        (user + "param = a=b", "4: param is for grant = client-credentials"),
        (oauth2 + client + "client-auth = none", "5: client-secret is not for client-auth = none"),
        (user + "refresh = on", "4: refresh is on, but no refresh-endpoint is given"),
        // Keys that are missing.
        (
            "client-id = a",
            "1: profile \"default\" has no client-secret, which provider = butlr with grant = client"
        ),
        ("client-secret = env:A", "1: profile \"default\" has no client-id"),
        (
            "username = ada",
            "1: profile \"default\" has no password, which provider = butlr with grant = password"
        ),
        ("grant = password\npassword = env:A", "1: profile \"default\" has no username"),
        ("provider = oauth2\n" + client, "1: profile \"default\" has no token-endpoint"),
        (oauth2 + user, "1: profile \"default\" has no client-id"),
        (oauth2 + user + "client-id = a", "1: profile \"default\" has no client-secret"),
        (oauth2 + "client-auth = post\nclient-id = a", "1: profile \"default\" has no client-secret"),
        // Endpoints and URLs.
        (client + "base-url = http://example.com", "4: base-url: \"http://example.com\" is plain http"),
        (client + "base-url = api.butlr.io", "4: base-url: \"api.butlr.io\" does not begin with https://"),
        (client + "base-url = https://a/?b", "4: base-url: \"https://a/?b\" may not have a query"),
        (client + "base-url = \"https://a/#b\"", "4: base-url: \"https://a/#b\" may not have a fragment"),
        (client + "base-url = https://a@b", "4: base-url: \"https://a@b\" may not hold a user name"),
        (client + "base-url = grpcs://a", "4: base-url: \"grpcs://a\" does not begin with https://"),
        (client + "base-url = https://a/é", "4: base-url: \"https://a/é\" has no valid path"),
        (client + "base-url = https://*.a", "4: base-url: \"https://*.a\" has a *"),
        (client + "base-url", "4: base-url has no value"),
        (user + "refresh-endpoint = http://a", "4: refresh-endpoint: \"http://a\" is plain http"),
        ("provider = oauth2\ntoken-endpoint = x\n" + client, "3: token-endpoint: \"x\" does not begin"),
        (client + "url = http://example.com", "4: url: \"http://example.com\" is plain http"),
        (client + "url = https://*", "4: url: \"https://*\" has a *"),
        (client + "url =", "4: url has no value"),
        (client + "proxy = ftp://a", "4: proxy: \"ftp\" is none of http, https"),
        (client + "proxy = http://u:p@a", "4: proxy may not hold a user name"),
        (client + "proxy = http://a/b", "4: proxy: \"http://a/b\" has no valid path"),
        (client + "proxy = http://a b", "4: proxy: \"http://a b\" holds a blank"),
        (client + "proxy", "4: proxy has no value"),
        // Other values.
        (client + "scope = \"a\\\"b\"", "4: scope may hold only visible ASCII"),
        (client + "scope = é", "4: scope may hold only visible ASCII"),
        (client + "resource = a", "4: resource: \"a\" is not an absolute URI"),
        (client + "resource = \"https://a#b\"", "4: resource: \"https://a#b\" is not an absolute URI"),
        (client + "param = a", "4: param is not of the form NAME=VALUE"),
        (client + "param = =a", "4: param is not of the form NAME=VALUE"),
        (client + "param = scope=hidden", "4: param may not set \"scope\""),
        (client + "param = client_secret=hidden", "4: param may not set \"client_secret\""),
        (client + "min-ttl = 1d", "4: min-ttl: \"1d\" is not a duration"),
        (client + "timeout = 0", "4: timeout must be from 1s to 10m"),
        (client + "timeout = 601", "4: timeout must be from 1s to 10m"),
        (client + "client-id =", "4: client-id has no value"),
        (client + "client-id = \"a\\nb\"", "4: client-id holds a control character"),
        (client + "git-username = \"a\\tb\"", "4: git-username holds a control character"),
        (client + "ca-file", "4: ca-file has no value"),
        // Secrets.
        (
            "client-id = a\nclient-secret = hidden",
            "3: client-secret must name where the secret is, with one of env:"
        ),
        ("client-id = a\nclient-secret = Env:hidden", "3: client-secret must name where the secret is"),
        ("client-id = a\nclient-secret = flie:hidden", "did you mean \"file:\"?"),
        ("client-id = a\nclient-secret = https://hidden", "3: client-secret must name where"),
        ("client-id = a\nclient-secret", "3: client-secret has no value"),
        ("client-id = a\nclient-secret =", "3: client-secret has no value"),
        ("client-id = a\nclient-secret = env:", "3: client-secret has nothing after \"env:\""),
        (
            "client-id = a\nclient-secret = env:hid-den",
            "3: client-secret names no valid environment variable"
        ),
        (
            "client-id = a\nclient-secret = env:1hidden",
            "3: client-secret names no valid environment variable"
        ),
        (
            "client-id = a\nclient-secret = env: hidden",
            "3: client-secret names no valid environment variable"
        ),
        ("client-id = a\nclient-secret = prompt:hidden", "3: client-secret has something after \"prompt:\""),
        ("client-id = a\nclient-secret = systemd:../hidden", "3: client-secret names no credential"),
        ("client-id = a\nclient-secret = systemd:..", "3: client-secret names no credential"),
        ("client-id = a\nclient-secret = plain:", "3: client-secret has nothing after \"plain:\""),
        (
            "client-id = a\nclient-secret = plain:hid;den",
            "3: client-secret is cut off at a # or ; by git's syntax"
        ),
        ("client-id = a\nclient-secret = plain:hidden #x", "3: client-secret is cut off"),
        ("client-id = a\nclient-secret = plain:\"hid\"den;x", "3: client-secret is cut off"),
        ("username = a\npassword = hidden", "3: password must name where the secret is"),
    ])
    func nameLineAndKeyAndTheNearestWord(lines: String, expected: String) {
        let error = failure { () throws(HelperError) in try profile(lines) }
        #expect(error?.code == .config)
        #expect(error?.message.contains(expected) == true, "\(error?.message ?? "nothing was thrown")")
        // Behind the file's name, which is by chance and may hold anything.
        let complaint = error?.message.split(separator: "/config:", maxSplits: 1).dropFirst().first
        #expect(complaint?.contains("hid") == false, "a value is echoed")
    }

    @Test(arguments: [
        ("[profile \"a\"]\nclient_id = x", "2: after the key comes neither"),
        ("[profile \"a\"]\nclientid = x", "2: unknown key \"clientid\"; did you mean \"client-id\"?"),
        ("[profile \"a\"]\nxyzzy = x", "2: unknown key \"xyzzy\""),
        (
            "[profile \"a\"]\nurl = https://a\n\n[profile \"b\"]\nurls = https://b",
            "5: unknown key \"urls\"; did you mean"
        ),
        ("[profil \"a\"]", "1: unknown section [profil]; did you mean [profile \"NAME\"]?"),
        ("[user]\nname = x", "1: unknown section [user]; each is a [profile \"NAME\"]"),
        ("[profile]\nurl = x", "1: the section has no name; write it as [profile \"default\"]"),
        ("[profile \"\"]", "1: the profile has no name"),
        ("[profile.x \"a\"]", "1: unknown section [profile.x]"),
        ("[profile \"a\tb\"]", "1: there is a control character in the profile's name"),
        ("[include]\npath = x", "1: [include] is not supported here"),
        ("[includeIf \"gitdir:x\"]\npath = x", "1: [includeIf] is not supported here"),
        ("url = https://a", "1: a key stands before the first section"),
        ("[profile \"a\"]\nurl = \"x", "2: a double quote is not closed"),
        ("[profile \"a\"]\nurl = \\x", "2: after a backslash"),
        ("[profile a]", "1: the section header is not of the form"),
        ("[profile \"a\"]\n\u{0}", "2: there is a NUL byte"),
        ("= x", "1: this is neither a key"),
    ])
    func mistakesInTheFileAreFoundWhicheverProfileIsWanted(text: String, expected: String) {
        let error = failure { () throws(HelperError) in try configuration(text) }
        #expect(error?.code == .config)
        #expect(
            error?.message.contains("/config:" + expected) == true,
            "\(error?.message ?? "nothing was thrown")")
    }

    @Test func textsThatAreNotUTF8AreRefused() throws {
        let folder = TemporaryFolder()
        let environment = Environment([:])
        func configuration(_ text: [UInt8]) throws(HelperError) -> Configuration {
            try Configuration(
                environment: environment,
                directories: Directories(environment, configFile: folder.write("config", bytes: text)))
        }
        let name = failure { () throws(HelperError) in
            try configuration(Array("[profile \"".utf8) + [0xFF] + Array("\"]".utf8))
        }
        #expect(name?.message.hasSuffix(":1: the profile's name is not UTF-8") == true)
        let value = failure { () throws(HelperError) in
            try configuration(Array("[profile \"default\"]\nclient-secret = plain:".utf8) + [0xFF])
                .profile(named: nil)
        }
        #expect(value?.message.hasSuffix(":2: the value of client-secret is not UTF-8") == true)
    }

    @Test func checkLooksAtEveryProfile() throws {
        let errors = try configuration(
            """
            [profile "a"]
                grant = x
            [profile "b"]
                \(client.replacing("\n", with: "\n    "))
            [profile "c"]
                client-id = x
            """
        ).check()
        #expect(errors.count == 2)
        #expect(errors.first?.message.contains(":2: grant") == true)
        #expect(errors.last?.message.contains("profile \"c\" has no client-secret") == true)
    }
}

@Suite struct ConfigKeyTests {
    @Test(arguments: ConfigKey.allCases)
    func everyKeyIsKnownByItsNameInAnyCase(key: ConfigKey) {
        func found(_ name: String) -> ConfigKey? { Array(name.utf8).withUnsafeBytes { ConfigKey($0) } }
        #expect(found(key.name) == key)
        #expect(found(key.name.uppercased()) == key)
        #expect(found(key.name.dropLast() + "_") == nil)
        #expect(found(key.name + "s") == nil)
        #expect(key.isSecret == ["client-secret", "password"].contains(key.name))
    }
}

@Suite struct IdentityTests {
    private let base = oauth2 + client + "scope = a b\nresource = urn:a\nresource = urn:b\nparam = a=b\n"

    @Test func writesOutWhatChangesTheAnswer() throws {
        #expect(
            try profile(base + "audience = https://x/ y").identity == """
                profile=default
                provider=oauth2
                token-endpoint=https%3A%2F%2Fid.example.com%2Ftoken
                grant=client-credentials
                client-id=cli
                audience=https%3A%2F%2Fx%2F+y
                scope=a&b
                resource=urn%3Aa&urn%3Ab
                param=a&b

                """)
    }

    @Test(arguments: [
        ("scope = b a a", true, true), ("scope = a", false, false), ("audience = x", false, false),
        ("client-id = other", false, false), ("param = c=d", false, false),
        ("resource = urn:c", false, false),
        ("token-endpoint = https://id.example.com/other", false, false),
        (user + "grant = password", false, false),
        // These change whether it succeeds, not what the answer is.
        ("client-auth = post", true, false), ("request-format = json", true, false),
        ("ca-file = /x", true, false),
        ("proxy = x", true, false), ("timeout = 9", true, false), ("access-token-field = x", true, false),
        ("client-secret = env:OTHER", true, false), ("client-secret = \"command:a\"", true, false),
        ("token-use = id-token", true, false),
        // These change neither.
        ("min-ttl = 9", true, true), ("git-username = x", true, true), ("docker-username = x", true, true),
        ("cargo-token = bearer", true, true), ("renew-ahead = off", true, true),
        ("url = https://x", true, true),
    ])
    func changesWithTheSettings(line: String, sameIdentity: Bool, sameSettings: Bool) throws {
        let (before, after) = (try profile(base), try profile(base + line))
        #expect((before.identity == after.identity) == sameIdentity)
        #expect((before.settings == after.settings) == sameSettings)
    }

    @Test func noValueImitatesAnother() throws {
        let one = try profile(base + "audience = \"x scope=y\"")
        let other = try profile(base + "audience = x\nscope = y")
        #expect(one.identity != other.identity)
        #expect(
            try profile(base + "param = a=b&c").identity != profile(base + "param = a=b\nparam = c=").identity
        )
    }

    @Test func profilesOfDifferentNamesDiffer() throws {
        let configuration = try configuration("[profile \"a\"]\n\(client)[profile \"b\"]\n\(client)")
        #expect(try configuration.profile(named: "a").identity != configuration.profile(named: "b").identity)
    }

    @Test func noSecretIsInEither() throws {
        let profile = try profile(
            "client-id = a\nclient-secret = plain:hidden\nclient-secret = command:echo hidden\n")
        #expect(!profile.settings.contains("hidden"))
        #expect(!"\(profile)".contains("hidden"))
        #expect(!String(reflecting: profile).contains("hidden"))
        let other = try ProfilesTests.profile(
            "client-id = a\nclient-secret = plain:hidden\nclient-secret = command:echo other\n")
        #expect(profile.settings != other.settings)
    }
}
