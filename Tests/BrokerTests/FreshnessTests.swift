import Platform
import Sandbox
import TestSupport
import Testing

@testable import Broker
@testable import OAuth
@testable import TokenStore

@Suite struct FreshnessTests {
    private static let now = Timestamp(seconds: 1_800_000_000)

    private static func token(
        lifetime: Milliseconds, age: Milliseconds = 0, idTokenLifetime: Milliseconds? = nil
    ) -> StoredToken {
        let issued = now - age
        return StoredToken(
            accessToken: Secret("token"), idToken: idTokenLifetime.map { _ in Secret("id") }, scope: nil,
            issued: issued, obtained: issued, expires: issued + lifetime,
            idTokenExpires: idTokenLifetime.map { issued + $0 })
    }

    private static func freshness(
        minimum: Milliseconds? = nil, rejected: String? = nil, force: Bool = false, started: Timestamp? = nil
    ) -> Freshness {
        Freshness(
            use: .accessToken, minimum: minimum, rejected: rejected.map { Secret($0) }, forcesRefresh: force,
            started: started ?? now)
    }

    /// A tenth of the lifetime, at least 10 s, at most 5 min, never more than half.
    @Test(
        arguments: [
            (1_000, 500), (12_000, 6_000), (20_000, 10_000), (60_000, 10_000), (100_000, 10_000),
            (150_000, 15_000),
            (3_000_000, 300_000), (3_600_000, 300_000), (86_400_000, 300_000), (0, 0), (1, 0),
        ] as [(Milliseconds, Milliseconds)])
    func theMarginFitsTheLifetime(_ lifetime: Milliseconds, _ margin: Milliseconds) {
        #expect(Freshness.margin(lifetime: lifetime) == margin)
        let freshness = Self.freshness()
        guard lifetime > margin, margin > 0 else { return }
        #expect(freshness.accepts(Self.token(lifetime: lifetime, age: lifetime - margin - 1), at: Self.now))
        #expect(!freshness.accepts(Self.token(lifetime: lifetime, age: lifetime - margin), at: Self.now))
        #expect(freshness.acceptsAsSpare(Self.token(lifetime: lifetime, age: lifetime - 1), at: Self.now))
        #expect(!freshness.acceptsAsSpare(Self.token(lifetime: lifetime, age: lifetime), at: Self.now))
    }

    @Test(arguments: [
        (0, 59_999, true), (0, 60_000, false), (30_000, 29_999, true), (30_000, 30_000, false),
        (90_000, 1, false),
    ])
    func aMinimumTakesTheMarginsPlace(_ minimum: Int64, _ age: Int64, _ isFresh: Bool) {
        #expect(
            Self.freshness(minimum: minimum).accepts(Self.token(lifetime: 60_000, age: age), at: Self.now)
                == isFresh)
    }

    @Test(arguments: [(0, true), (-60_000, true), (-60_001, false)])
    func aTokenFromTheFutureIsNotBelieved(_ age: Int64, _ isBelieved: Bool) {
        let token = Self.token(lifetime: 3_600_000, age: age)
        #expect(Self.freshness(started: Self.now + 100_000).accepts(token, at: Self.now) == isBelieved)
        #expect(Self.freshness().acceptsAsSpare(token, at: Self.now) == isBelieved)
    }

    /// Whoever asked before the token came is served by it.
    @Test func aTokenIssuedSinceTheStartServesWhateverWasAsked() {
        let token = Self.token(lifetime: 60_000, age: 1000)
        for started in [Self.now - 1000, Self.now - 999] {
            let serves = started <= token.obtained
            for freshness in [
                Self.freshness(force: true, started: started),
                Self.freshness(minimum: 3_600_000, started: started),
                Self.freshness(rejected: "token", started: started),
            ] {
                #expect(freshness.accepts(token, at: Self.now) == serves)
            }
            #expect(Self.freshness(rejected: "other", started: started).accepts(token, at: Self.now))
        }
        #expect(
            !Self.freshness(force: true, started: Self.now - 90_000).accepts(
                Self.token(lifetime: 1, age: 1), at: Self.now))
    }

    @Test func aTokenThatIsNotWantedIsNoSpare() {
        let token = Self.token(lifetime: 60_000)
        #expect(!Self.freshness(force: true).acceptsAsSpare(token, at: Self.now))
        #expect(!Self.freshness(rejected: "token").acceptsAsSpare(token, at: Self.now))
        #expect(Self.freshness(rejected: "other").acceptsAsSpare(token, at: Self.now))
        #expect(Self.freshness(minimum: 3_600_000).acceptsAsSpare(token, at: Self.now))
    }

    @Test func anIDTokenHasItsOwnEnd() {
        func freshness(_ token: StoredToken) -> Bool {
            Freshness(use: .idToken, minimum: nil, rejected: nil, forcesRefresh: false, started: Self.now + 1)
                .accepts(token, at: Self.now)
        }
        #expect(freshness(Self.token(lifetime: 1, age: 1, idTokenLifetime: 60_000)))
        #expect(!freshness(Self.token(lifetime: 60_000, age: 1, idTokenLifetime: 1)))
        #expect(!freshness(Self.token(lifetime: 60_000)))
    }

    // MARK: - How long a response says that its token lives

    /// A JSON Web Token with these claims.
    static func jwt(_ claims: String) -> String {
        [#"{"alg":"none"}"#, claims, "signature"].map(base64url).joined(separator: ".")
    }

    private static func base64url(_ text: String) -> String {
        String(base64(Array(text.utf8)).compactMap { ["+": "-", "/": "_", "=": nil][$0, default: $0] })
    }

    /// Sent at `now`, received a second later.
    private static func response(_ members: String, skew: Milliseconds? = 0) throws -> TokenResponse {
        try TokenResponse(
            parsing: Array("{\(members)}".utf8),
            names: .init(
                accessToken: "access_token", refreshToken: "refresh_token", idToken: "id_token",
                expiresIn: "expires_in"),
            Exchange(sent: now, received: now + 1000, date: skew.map { now + 1000 + $0 }))
    }

    private static let unknown: Milliseconds = 300_000
    private static let tenYears: Milliseconds = 315_360_000_000

    @Test(
        arguments: [
            ("3600", 3_600_000), ("\"3600\"", 3_600_000), ("59.5", 59_500), ("\"59.5\"", 59_500),
            ("1e3", 1_000_000),
            ("0", 0), ("-1", -1000), ("\"0\"", 0), ("-0.0001", 0),
            ("1e18", tenYears), ("-1e18", -tenYears), ("\"1e999\"", tenYears),
            ("99999999999999999999999", tenYears),
            ("null", unknown), ("true", unknown), ("false", unknown), ("\"\"", unknown),
            ("\"soon\"", unknown),
            ("\"nan\"", unknown), ("\"inf\"", unknown), ("\"0x10\"", unknown), ("\" 60\"", unknown),
            ("[60]", unknown),
            ("{}", unknown),
        ] as [(String, Milliseconds)])
    func expiresInIsReadLeniently(_ value: String, _ lifetime: Milliseconds) throws {
        #expect(try Self.response(#""access_token":"a","expires_in":\#(value)"#).lifetime == lifetime)
    }

    @Test func withoutExpiresInALifetimeIsAssumed() throws {
        #expect(try Self.response(#""access_token":"a""#).lifetime == Self.unknown)
    }

    /// Claims relative to the issuer's clock, which is ahead by `skew` (`nil`: not said), and `expires_in`.
    @Test(
        arguments: [
            ("exp sooner", #"{"exp":1800000060}"#, 0, "3600", 60_000),
            ("exp later", #"{"exp":1800007200}"#, 0, "3600", 3_600_000),
            ("exp alone", #"{"exp":1800000060}"#, 0, nil, 60_000),
            ("issuer an hour ahead", #"{"exp":1800003660}"#, 3_600_000, nil, 60_000),
            ("issuer an hour behind", #"{"exp":1799996460}"#, -3_600_000, nil, 60_000),
            ("ahead, and expires_in is sooner", #"{"exp":1800003660}"#, 3_600_000, "30", 30_000),
            ("a second is no difference", #"{"exp":1800000060}"#, -1999, nil, 60_000),
            ("no Date: since iat", #"{"exp":1800003660,"iat":1800003600}"#, nil, nil, 60_000),
            ("no Date, no iat", #"{"exp":1800000060}"#, nil, nil, 60_000),
            ("Date before iat", #"{"exp":1800003660,"iat":1800000000}"#, 3_600_000, nil, 60_000),
            ("over already", #"{"exp":1799999999}"#, 0, "3600", -1000),
            ("a fraction", #"{"exp":1800000060.9}"#, 0, nil, 60_000),
            ("exp as a text", #"{"exp":"1800000060"}"#, 0, "3600", 3_600_000),
            ("exp is absurd", #"{"exp":1e30}"#, 0, "3600", 3_600_000),
            ("exp in the far future", #"{"exp":253402300799}"#, 0, nil, tenYears),
            ("Date is absurd", #"{"exp":253402300799}"#, -1_700_000_000_000, nil, tenYears),
            ("no claims", "[]", 0, "3600", 3_600_000),
            ("not JSON", "{", 0, "3600", 3_600_000),
        ] as [(String, String, Milliseconds?, String?, Milliseconds)])
    func theSoonerOfBothEndsCounts(
        _ name: String, _ claims: String, _ skew: Milliseconds?, _ expiresIn: String?,
        _ lifetime: Milliseconds
    ) throws {
        let stated = expiresIn.map { #","expires_in":\#($0)"# } ?? ""
        let response = try Self.response(#""access_token":"\#(Self.jwt(claims))"\#(stated)"#, skew: skew)
        #expect(response.lifetime == lifetime, "\(name)")
        // Nothing but its own claims say how long an ID token lives.
        let other = try Self.response(
            #""access_token":"a","expires_in":7,"id_token":"\#(Self.jwt(claims))""#, skew: skew)
        #expect(other.lifetime == 7000)
        if expiresIn == nil { #expect(other.idTokenLifetime == lifetime, "\(name)") }
    }

    @Test(arguments: ["", "a", "a.b", "a.b.c.d", "..", "a..c", "a.!.c", "a.e30.c"])
    func whatIsNoJSONWebTokenSaysNothing(_ text: String) {
        #expect(JSONWebToken(Secret(text))?.expires == nil)
    }

    // MARK: - The whole way

    @Test(arguments: ["0", "-5", "\"0\""])
    func aTokenThatIsOverIsHandedOutOnceAndNotKept(_ lifetime: String) async throws {
        let provider = try StubProvider { _, index in .token("token\(index)", lifetime: lifetime) }
        let helper = try Helper.client(of: provider)
        for index in 0..<2 {
            let result = try await helper.run("get")
            #expect(result.token == "token\(index)", "\(result)")
            #expect(result.errors.isEmpty)
        }
        #expect(try helper.stored("token") == nil)
    }

    @Test(arguments: [("3600", 3599), ("true", 299), ("1e300", 315_359_999)])
    func theLifetimeIsKept(_ expiresIn: String, _ left: Int64) async throws {
        let provider = try StubProvider(.token("token", lifetime: expiresIn))
        let helper = try Helper.client(of: provider)
        #expect(try await helper.run("get").token == "token")
        let kept = try await helper.run("token", "--min-ttl", "\(min(left - 200, 31_536_000))")
        #expect(kept.output == "token\n", "\(kept)")
        #expect(provider.requests.count == 1)
    }

    @Test func aLifetimeShorterThanAskedForIsHandedOutWithAWarning() async throws {
        let provider = try StubProvider { _, index in .token("token\(index)", lifetime: "60") }
        let helper = try Helper.client(of: provider)
        for index in 0..<2 {
            let result = try await helper.run("get", input: #"{"min_ttl":120}"#)
            #expect(result.token == "token\(index)", "\(result)")
            #expect(result.errorLines.count == 1)
            #expect(result.errors.contains("120 s"))
        }
    }

    @Test(arguments: [("ahead", 3600), ("behind", -3600)])
    func aProvidersClockMayBeWrong(_ name: String, _ offset: Int) async throws {
        let sandbox = SandboxServer(SandboxOptions(expiresIn: 6000, clockOffset: offset))
        let url = try sandbox.start()
        defer { sandbox.stop() }
        let helper = try Helper(environment: ["BUTLR_TIMEOUT": "60s"])
        try helper.config(
            """
            [profile "default"]
                base-url = \(url)
                client-id = client_sandbox
                client-secret = plain:sandbox-secret
                renew-ahead = off
            """)
        #expect(try await helper.run("get").source == "login")
        try helper.age(by: 5000)
        #expect(try await helper.run("get").source == "cache")
        try helper.age(by: 800)
        #expect(try await helper.run("get").source == "login")
    }

    @Test func anIDTokenIsHandedOutForAsLongAsItLives() async throws {
        let provider = try StubProvider { _, index in
            let end = Clock.system.now().seconds + (index == 0 ? 5 : 3600)
            let idToken = Self.jwt(#"{"exp":\#(end),"jti":\#(index)}"#)
            return .token("access\(index)", lifetime: "36000", more: #","id_token":"\#(idToken)""#)
        }
        let helper = try Helper.client(of: provider, "token-use = id-token")
        let first = try await helper.run("get")
        #expect(first.answer["id_token"]?.string?.hasPrefix("ey") == true, "\(first)")
        #expect(
            first.answer["headers"]?["Authorization"]?.array?.first?.string
                == "Bearer " + (first.answer["id_token"]?.string ?? ""))
        try helper.age(by: 4)
        let second = try await helper.run("get")
        #expect(second.source == "login", "\(second)")
        #expect(try await helper.run("get").source == "cache")
    }

    @Test func anIDTokenThatIsMissingIsTheProvidersFault() async throws {
        let provider = try StubProvider(.token("canary"))
        let helper = try Helper.client(of: provider, "token-use = id-token")
        for index in 0..<2 {
            if index == 1 { try helper.prolongFailure() }
            let result = try await helper.run("get")
            #expect(result.status == 69, "\(result)")
            #expect(result.message.contains("no ID token"))
            expectNoSecret(result)
        }
        #expect(provider.requests.count == 1)
    }
}
