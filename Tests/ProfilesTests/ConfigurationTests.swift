import Platform
import Testing

@testable import Profiles

private let secret = "client-id = a\nclient-secret = env:A\n"

@Suite struct ConfigurationTests {
    /// A home with config files, and the configuration that is read there.
    private func configuration(
        own: String? = nil, system: String? = nil, second: String? = nil, variables: [String: String] = [:],
        file: String? = nil
    ) throws(HelperError) -> Configuration {
        let folder = TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        if let own { folder.write("home/.config/butlr-credential/config", own) }
        if let system { folder.write("one/butlr-credential/config", system, mode: 0o644) }
        if let second { folder.write("two/butlr-credential/config", second, mode: 0o644) }
        let environment = Environment(
            ["HOME": folder.path + "/home", "XDG_CONFIG_DIRS": "\(folder.path)/one:\(folder.path)/two"]
                .merging(variables) { $1 })
        return try Configuration(
            environment: environment, directories: Directories(environment, configFile: file))
    }

    @Test func theNearerFileWinsProfileByProfile() throws {
        let configuration = try configuration(
            own: "[profile \"a\"]\n\(secret)[profile \"é\"]\n\(secret)",
            system:
                "[profile \"b\"]\nclient-id = system\nclient-secret = env:A\n[profile \"a\"]\nscope = x\n",
            second: "[profile \"b\"]\nclient-id = second\nclient-secret = env:A\n[profile \"c\"]\n\(secret)")
        #expect(configuration.files.count == 3)
        #expect(configuration.profileNames == ["a", "é", "b", "c"])
        // Hidden entirely: nothing of the farther one shines through.
        #expect(try configuration.profile(named: "a").scope == [])
        #expect(try configuration.profile(named: "b").clientID == "system")
        #expect(try configuration.profile(named: "c").clientID == "a")
        #expect(configuration.check() == [])
    }

    @Test func missingFilesAreSkipped() throws {
        let configuration = try configuration(second: "[profile \"default\"]\n\(secret)")
        #expect(configuration.files.count == 1)
        #expect(try configuration.profile(named: nil).clientID == "a")
    }

    @Test func aNamedFileIsTheOnlyOne() throws {
        let folder = TemporaryFolder()
        let one = folder.write("one", "[profile \"one\"]\n\(secret)")
        let two = folder.write("two", "[profile \"two\"]\n\(secret)")
        let own = "[profile \"own\"]\n\(secret)"
        #expect(try configuration(own: own, file: one).profileNames == ["one"])
        #expect(try configuration(own: own, file: two).profileNames == ["two"])
        #expect(try configuration(own: own).profileNames == ["own"])
        let missing = failure { () throws(HelperError) in try configuration(own: own, file: one + "x") }
        #expect(missing?.code == .config)
        #expect(missing?.message.contains(one + "x") == true)
        for path in [one + "x", "~/nowhere", "nowhere"] {
            let error = failure { () throws(HelperError) in try configuration(own: own, file: path) }
            #expect(error?.code == .config)
        }
    }

    @Test func aProfileMayHaveSeveralSections() throws {
        let configuration = try configuration(
            own: """
                [profile "a"] client-id = one
                [profile "b"] client-id = b
                  client-secret = env:B
                [Profile "a"] client-secret = env:A
                  url = https://x.example.com
                [profile.Odd] client-id = odd
                [profile "o\\dd"] client-secret = env:ODD
                """)
        #expect(configuration.profileNames == ["a", "b", "odd"])
        let profile = try configuration.profile(named: "a")
        #expect(profile.clientID == "one" && profile.clientSecret == [.env("A")])
        #expect(try configuration.profile(named: "odd").clientSecret == [.env("ODD")])
        let url = try #require(RequestedURL("https://x.example.com"))
        #expect(try configuration.profile(serving: url, named: nil).name == "a")
    }

    @Test func namesHaveCaseAndMayHoldAnything() throws {
        let names = ["a", "A", "a b", "a/../b", "ä\\\\\\\"", "..", "a]"]
        let text = names.map { "[profile \"\($0)\"]\n\(secret)" }.joined()
        let configuration = try configuration(own: text)
        #expect(configuration.profileNames == ["a", "A", "a b", "a/../b", "ä\\\"", "..", "a]"])
        #expect(try configuration.profile(named: "ä\\\"").name == "ä\\\"")
    }

    @Test func manyProfilesAreToldApart() throws {
        let text = (0..<1000).map { "[profile \"p\($0)\"]\n\(secret)url = https://h\($0).example.com/\n" }
            .joined()
        let configuration = try configuration(own: text + text)
        #expect(configuration.profileNames.count == 1000)
        for index in [0, 1, 499, 999] {
            let url = try #require(RequestedURL("https://h\(index).example.com/x"))
            #expect(try configuration.profile(serving: url, named: nil).name == "p\(index)")
        }
    }

    @Test func aProfileThatIsNotNamedIsTheDefault() throws {
        let own = ["default", "a", "b"].map { "[profile \"\($0)\"]\n\(secret)" }.joined()
        let plain = try configuration(own: own)
        #expect(try plain.profile(named: nil).name == "default")
        #expect(try plain.profile(named: "a").name == "a")
    }

    @Test func anUnknownProfileIsAnErrorWithTheNearestName() throws {
        let configuration = try configuration(own: "[profile \"staging\"]\n\(secret)")
        let unknown = failure { () throws(HelperError) in try configuration.profile(named: "stagin") }
        #expect(unknown?.code == .config)
        #expect(unknown?.message == "there is no profile \"stagin\"; did you mean \"staging\"?")
        let none = failure { () throws(HelperError) in try configuration.profile(named: nil) }
        #expect(none?.code == .config)
        #expect(none?.message == "there is no profile \"default\", and none was named")
        #expect(none?.hint?.contains("\"staging\"") == true)
        let url = try #require(RequestedURL("https://x"))
        let serving = failure { () throws(HelperError) in
            try configuration.profile(serving: url, named: "stagin")
        }
        #expect(serving?.code == .config)
    }

    @Test(arguments: [nil, "", "# nothing\n"])
    func nothingConfiguredSaysHowToBegin(own: String?) throws {
        let configuration = try configuration(own: own)
        let url = try #require(RequestedURL("https://x"))
        for error in [
            failure { () throws(HelperError) in try configuration.profile(named: nil) },
            failure { () throws(HelperError) in try configuration.profile(named: "a") },
            failure { () throws(HelperError) in try configuration.profile(serving: url, named: nil) },
            failure { () throws(HelperError) in try configuration.profile(serving: url, named: "a") },
        ] {
            #expect(error?.code == .config)
            #expect(error?.message.hasPrefix("no profile is configured in /tmp/") == true)
            #expect(error?.hint?.contains("butlr-credential login") == true)
        }
        #expect(configuration.profileNames == [])
    }

    @Test func secretVariablesAreThoseOfAllProfiles() throws {
        let configuration = try configuration(
            own: """
                [profile "a"]
                    client-secret = env:ONE
                    client-secret = "env:TWO"
                    client-id = env:NOT
                [profile "b"]
                    password = env:THREE
                    password = command:env:NOT
                    password = nonsense
                """, system: "[profile \"a\"]\npassword = env:FOUR")
        #expect(
            configuration.secretVariables
                == ["ONE", "TWO", "THREE", "FOUR", "BUTLR_CLIENT_SECRET", "BUTLR_PASSWORD"])
    }
}

@Suite struct EnvironmentProfileTests {
    private let pair = ["BUTLR_CLIENT_ID": "cli", "BUTLR_CLIENT_SECRET": "hidden"]

    private func configuration(_ variables: [String: String]) throws(HelperError) -> Configuration {
        let environment = Environment(variables.merging(["XDG_CONFIG_DIRS": "/nowhere"]) { $1 })
        return try Configuration(environment: environment, directories: Directories(environment))
    }

    @Test func theClientPairIsAProfile() throws {
        let variables = ["BUTLR_USERNAME": "ada", "BUTLR_PASSWORD": "pw"].merging(pair) { $1 }
        let configuration = try configuration(variables)
        #expect(configuration.profileNames == ["default"])
        let profile = try configuration.profile(named: nil)
        #expect(profile.grant == .clientCredentials)
        #expect(profile.clientID == "cli")
        #expect(profile.clientSecret == [.env("BUTLR_CLIENT_SECRET")])
        #expect(profile.audience == "https://butlrauth/")
        #expect(profile.origin == .environment)
        #expect("\(profile.origin)" == "the environment")
    }

    @Test func theUserPairIsAProfile() throws {
        let profile = try configuration([
            "BUTLR_USERNAME": "ada", "BUTLR_PASSWORD": "pw", "BUTLR_AUDIENCE": "x", "BUTLR_CLIENT_ID": "half",
        ]).profile(named: "default")
        #expect(profile.grant == .password)
        #expect(profile.username == "ada")
        #expect(profile.password == [.env("BUTLR_PASSWORD")])
        #expect(profile.audience == nil)
    }

    @Test func baseURLAudienceAndURLsAreOptional() throws {
        let configuration = try configuration(
            pair.merging([
                "BUTLR_BASE_URL": "http://localhost:8080", "BUTLR_AUDIENCE": "aud",
                "BUTLR_URLS": "  https://a.example.com https://*.b.example.com/x\n",
            ]) { $1 })
        let profile = try configuration.profile(named: nil)
        #expect(profile.tokenEndpoint == "http://localhost:8080/api/v2/clients/login")
        #expect(profile.audience == "aud")
        #expect(
            profile.urls.map(\.description)
                == ["http://localhost:8080/", "https://a.example.com/", "https://*.b.example.com/x"])
        for url in ["http://localhost:8080/v3", "https://a.example.com/", "https://c.b.example.com/x"] {
            #expect(
                try configuration.profile(serving: #require(RequestedURL(url)), named: nil).name == "default")
        }
    }

    @Test func mistakesNameTheVariable() {
        for (name, value) in [
            ("BUTLR_BASE_URL", "x"), ("BUTLR_URLS", "https://a http://b"), ("BUTLR_AUDIENCE", "\n"),
        ] {
            let error = failure { () throws(HelperError) in
                try configuration(pair.merging([name: value]) { $1 }).profile(named: nil)
            }
            #expect(error?.code == .config)
            #expect(error?.message.hasPrefix(name + ": ") == true, "\(error?.message ?? "")")
        }
    }

    @Test(arguments: [
        ("BUTLR_CLIENT_ID", "BUTLR_CLIENT_SECRET"), ("BUTLR_CLIENT_SECRET", "BUTLR_CLIENT_ID"),
        ("BUTLR_USERNAME", "BUTLR_PASSWORD"), ("BUTLR_PASSWORD", "BUTLR_USERNAME"),
    ])
    func halfAPairNamesTheOther(set: String, missing: String) throws {
        for variables in [[set: "hidden"], [set: "hidden", missing: ""]] {
            let configuration = try configuration(variables)
            let error = failure { () throws(HelperError) in try configuration.profile(named: nil) }
            #expect(error?.code == .config)
            #expect(error?.message == "\(set) is set, but \(missing) is not")
        }
    }

    @Test func aFilesDefaultHidesIt() throws {
        let folder = TemporaryFolder()
        let file = folder.write("config", "[profile \"default\"]\n\(secret)")
        let other = folder.write("other", "[profile \"other\"]\n\(secret)base-url = https://x.example.com")
        let environment = Environment(pair)
        let one = try Configuration(
            environment: environment, directories: Directories(environment, configFile: file))
        #expect(one.profileNames == ["default"])
        #expect(try one.profile(named: nil).clientID == "a")
        let two = try Configuration(
            environment: environment, directories: Directories(environment, configFile: other))
        #expect(two.profileNames == ["other", "default"])
        #expect(try two.profile(named: nil).clientID == "cli")
        let url = try #require(RequestedURL("https://api.butlr.io/v3"))
        #expect(try two.profile(serving: url, named: nil).name == "default")
    }
}

@Suite struct SelectionTests {
    private static let text = """
        [profile "butlr"]
            \(secret)
        [profile "wide"]
            \(secret)
            base-url = https://wide.example.net
            url = https://*.example.com
        [profile "narrow"]
            \(secret)
            base-url = https://narrow.example.net/base
            base-url = https://narrow.example.net/
            url = https://*.b.example.com
        [profile "exact"]
            provider = oauth2
            token-endpoint = https://id.example.org/token
            \(secret)
            url = "https://Exact.B.example.com/"
        [profile "path"]
            provider = "oauth2"
            token-endpoint = https://id.example.org/token
            \(secret)
            url = https://exact.b.example.com/org ; the long one
            url = http://localhost:5000
            url = http://both.localhost
        [profile "secure"]
            provider = oauth2
            token-endpoint = https://id.example.org/token
            \(secret)
            url = https://both.localhost
        [profile "tie"]
            provider = oauth2
            token-endpoint = https://id.example.org/token
            \(secret)
            url = https://same.example.org/x
            url = https://same.example.org/x/
        [profile "tied"]
            provider = oauth2
            token-endpoint = https://id.example.org/token
            \(secret)
            url = https://*.example.org
            url = https://same.example.org:443/x
        """

    @Test(arguments: [
        ("https://api.butlr.io/v3/graphql", "butlr"),
        ("https://a.example.com", "wide"), ("https://wide.example.net/x", "wide"),
        ("https://a.b.example.com", "narrow"), ("https://narrow.example.net/other", "narrow"),
        ("https://exact.b.example.com", "exact"), ("https://exact.b.example.com/organ", "exact"),
        ("https://exact.b.example.com/org/x", "path"), ("http://localhost:5000", "path"),
        ("https://same.example.org/", "tied"), ("http://both.localhost", "path"),
        ("https://both.localhost", "secure"),
    ])
    func theMostSpecificPatternDecides(url: String, expected: String) throws {
        let configuration = try ProfilesTests.configuration(Self.text)
        #expect(try configuration.profile(serving: #require(RequestedURL(url)), named: nil).name == expected)
    }

    @Test(arguments: [
        "https://example.com", "https://id.example.org.evil.net", "http://localhost",
        "https://localhost:5000",
        "https://butlr.io", "https://api.butlr.io:8443", "https://other.net",
    ])
    func whatNobodyListsIsServedByNobody(url: String) throws {
        let configuration = try ProfilesTests.configuration(Self.text)
        let url = try #require(RequestedURL(url))
        let error = failure { () throws(HelperError) in try configuration.profile(serving: url, named: nil) }
        #expect(error?.code == .noProfile)
        #expect(error?.message == "no profile lists \(url)")
    }

    @Test func aTieNamesBoth() throws {
        let configuration = try ProfilesTests.configuration(Self.text)
        let url = try #require(RequestedURL("https://same.example.org/x/y"))
        let error = failure { () throws(HelperError) in try configuration.profile(serving: url, named: nil) }
        #expect(error?.code == .config)
        #expect(error?.message.contains("\"tie\" and \"tied\"") == true)
        #expect(try configuration.profile(serving: url, named: "tied").name == "tied")
    }

    @Test func twoButlrProfilesOfOneBaseTie() throws {
        let configuration = try ProfilesTests.configuration(
            "[profile \"a\"]\n\(secret)[profile \"b\"]\n\(secret)url = https://api.butlr.io/")
        let url = try #require(RequestedURL("https://api.butlr.io/"))
        let error = failure { () throws(HelperError) in try configuration.profile(serving: url, named: nil) }
        #expect(error?.message.contains("\"a\" and \"b\"") == true)
    }

    @Test func aNamedProfileMustListTheURL() throws {
        let configuration = try ProfilesTests.configuration(Self.text)
        let wide = try #require(RequestedURL("https://a.b.example.com"))
        #expect(try configuration.profile(serving: wide, named: "wide").name == "wide")
        #expect(try configuration.profile(serving: wide, named: "narrow").name == "narrow")
        let error = failure { () throws(HelperError) in
            try configuration.profile(serving: wide, named: "exact")
        }
        #expect(error?.code == .noProfile)
        #expect(error?.message == "profile \"exact\" does not list https://a.b.example.com/")
        #expect(error?.hint?.contains("login --profile exact --config ") == true)
        #expect(error?.hint?.hasSuffix(" --url https://a.b.example.com/") == true)
    }

    @Test(arguments: [
        ("localhost:5000", "path"), ("both.localhost", "secure"), ("exact.b.example.com", "exact"),
        ("exact.b.example.com/org", "path"),
    ])
    func aHostWithoutASchemeMeansHTTPWhereOnlyThatIsListed(host: String, expected: String) throws {
        let configuration = try ProfilesTests.configuration(Self.text)
        let url = try #require(RequestedURL.host(host))
        #expect(try configuration.profile(serving: url, named: nil).name == expected)
        #expect(try configuration.profile(serving: url, named: expected).name == expected)
    }

    @Test(arguments: ["http://broken.example.com", "https://bro ken", "https://*", "", "\"https://\\\"\""])
    func aPatternThatCannotBeReadIsAnErrorRatherThanNoMatch(pattern: String) throws {
        let configuration = try ProfilesTests.configuration(
            "[profile \"a\"]\n\(secret)url = \(pattern)\n"
                + "[profile \"b\"]\n\(secret)url = https://broken.example.com"
        )
        let url = try #require(RequestedURL("https://broken.example.com"))
        let error = failure { () throws(HelperError) in try configuration.profile(serving: url, named: nil) }
        #expect(error?.code == .config)
        #expect(error?.message.contains("/config:4: url") == true, "\(error?.message ?? "")")
    }

    @Test func hiddenProfilesServeNothing() throws {
        let folder = TemporaryFolder()
        folder.write("near/butlr-credential/config", "[profile \"a\"]\n\(secret)")
        folder.write(
            "far/butlr-credential/config",
            "[profile \"a\"]\n\(secret)url = https://x.example.com/long\n"
                + "[profile \"b\"]\n\(secret)url = https://*.com\n"
        )
        let environment = Environment([
            "XDG_CONFIG_HOME": folder.path + "/near", "XDG_CONFIG_DIRS": folder.path + "/far",
        ])
        let configuration = try Configuration(
            environment: environment, directories: Directories(environment))
        let url = try #require(RequestedURL("https://x.example.com/long"))
        #expect(try configuration.profile(serving: url, named: nil).name == "b")
    }
}
