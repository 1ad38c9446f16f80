import Platform
import Sandbox
import TestSupport
import Testing

/// A refresh token is redeemed once, and never given up without need.
@Suite struct RefreshTests {
    /// A user who has logged in (token `login`, refresh token `first`), whose next renewals go as `script` says.
    /// `script` gets each request after the login, and how many of those came before it.
    private func loggedIn(
        password: String = "plain:canary-password", _ lines: String = "", timeout: String = "60s",
        _ script: @escaping StubProvider.Script
    ) async throws -> (Helper, StubProvider) {
        let provider = try StubProvider { request, index in
            index == 0 ? .tokens("login", refresh: "first") : script(request, index - 1)
        }
        let helper = try Helper.user(of: provider, password: password, lines, timeout: timeout)
        let login = try await helper.run("get", environment: ["LOGIN_PASSWORD": "canary"])
        #expect(login.token == "login", "\(login)")
        try helper.age(by: 4000)
        return (helper, provider)
    }

    /// A source that has the password once and then no more without a person.
    private static let onlyOnce = "env:LOGIN_PASSWORD\n    password = prompt:"

    private func refreshToken(_ helper: Helper) throws -> (token: String?, isNoted: Bool?) {
        guard let name = try helper.stored("refresh") else { return (nil, nil) }
        let json = try JSON(parsing: try helper.home.readBytes(name))
        return (json["refresh_token"]?.string, json["is_being_redeemed"]?.bool)
    }

    @Test func aRotatedTokenTakesThePlaceOfTheOld() async throws {
        let (helper, provider) = try await loggedIn { _, index in
            .tokens("token\(index)", refresh: "rotated\(index)")
        }
        for index in 0..<3 {
            let result = try await helper.run("get")
            #expect(result.token == "token\(index)", "\(result)")
            #expect(result.source == "refresh")
            #expect(try refreshToken(helper) == ("rotated\(index)", false))
            try helper.age(by: 4000)
        }
        #expect(provider.asked == ["password", "first", "rotated0", "rotated1"])
    }

    /// RFC 6749 §6: the scope stays that of the login where none is named.
    @Test func whatTheTokenIsForIsSaidAgain() async throws {
        let (helper, provider) = try await loggedIn(
            "audience = au\nscope = read\nresource = https://r/\nparam = x=1"
        ) { _, _ in .token("again") }
        #expect(try await helper.run("get").token == "again")
        let fields = provider.requests[1].text.split(separator: "&").map(String.init)
        for field in ["audience=au", "resource=https%3A%2F%2Fr%2F", "x=1"] { #expect(fields.contains(field)) }
        #expect(!fields.contains { $0.hasPrefix("scope=") })
    }

    @Test func withoutARefreshTokenInTheResponseTheOldOneStays() async throws {
        let (helper, provider) = try await loggedIn { _, index in .token("token\(index)") }
        for index in 0..<2 {
            #expect(try await helper.run("get").token == "token\(index)")
            #expect(try refreshToken(helper) == ("first", false))
            try helper.age(by: 4000)
        }
        #expect(provider.asked == ["password", "first", "first"])
    }

    /// A login that gives no refresh token leaves none of an earlier login behind.
    @Test func afterInvalidGrantComesALogin() async throws {
        let (helper, provider) = try await loggedIn { _, index in
            index == 0 ? .oauthError("invalid_grant") : .token("again")
        }
        let result = try await helper.run("get")
        #expect(result.token == "again", "\(result)")
        #expect(result.source == "login")
        #expect(result.errors.isEmpty)
        #expect(provider.asked == ["password", "first", "password"])
        #expect(try refreshToken(helper) == (nil, nil))
    }

    /// Where files are shared without a common lock, as between machines.
    @Test func theTokenThatAnotherProcessStoredIsAdopted() async throws {
        let gate = try Gate()
        let (helper, provider) = try await loggedIn { request, _ in
            guard asked(of: request) == "first" else { return .tokens("adopted", refresh: "third") }
            gate.wait()
            return .oauthError("invalid_grant")
        }
        let running = try helper.start("get")
        try await provider.waitForRequests(2)
        try helper.rewrite("refresh", ["refresh_token": "second"])
        gate.open()
        let result = try await running.wait()
        #expect(result.token == "adopted", "\(result)")
        #expect(provider.asked == ["password", "first", "second"])
        #expect(try refreshToken(helper) == ("third", false))
    }

    /// Whoever was killed may have used the token up: sending it again could revoke the login.
    @Test func theNoteOfAKilledProcessLeadsToALogin() async throws {
        let (helper, provider) = try await loggedIn { _, index in
            index == 0 ? .hang : .tokens("again", refresh: "second")
        }
        let killed = try helper.start("get")
        try await provider.waitForRequests(2)
        #expect(try refreshToken(helper) == ("first", true))
        killed.signal(SIGKILL)
        try await killed.wait()
        let result = try await helper.run("get")
        #expect(result.token == "again", "\(result)")
        #expect(result.source == "login")
        #expect(provider.asked == ["password", "first", "password"])
        #expect(try refreshToken(helper) == ("second", false))
        #expect(try helper.home.files().filter { $0.hasSuffix(".new") }.isEmpty)
    }

    @Test(arguments: [["--no-input"], []])
    func aKilledProcessNoteIsRiskedWhereALoginNeedsAPerson(_ options: [String]) async throws {
        let (helper, provider) = try await loggedIn(password: Self.onlyOnce) { _, index in
            index == 0 ? .hang : .tokens("again", refresh: "second")
        }
        let killed = try helper.start("get")
        try await provider.waitForRequests(2)
        killed.signal(SIGKILL)
        try await killed.wait()
        let result = try await helper.program(options + ["get"]).run()
        #expect(result.token == "again", "\(result)")
        #expect(provider.asked == ["password", "first", "first"])
    }

    /// How a refresh goes wrong, and what is asked next: the same token again, or for a login.
    struct Mishap: CustomTestStringConvertible {
        let testDescription: String
        let answer: HTTPServer.Answer
        let next: String
    }

    static let mishaps: [Mishap] = [
        Mishap(testDescription: "429", answer: .body("", status: 429), next: "first"),
        Mishap(testDescription: "503", answer: .body("", status: 503), next: "first"),
        Mishap(
            testDescription: "503 invalid_grant", answer: .oauthError("invalid_grant", status: 503),
            next: "first"),
        Mishap(testDescription: "408", answer: .body("", status: 408), next: "password"),
        Mishap(testDescription: "425", answer: .body("", status: 425), next: "password"),
        Mishap(testDescription: "500", answer: .body("", status: 500), next: "password"),
        Mishap(testDescription: "502", answer: .body("", status: 502), next: "password"),
        Mishap(testDescription: "504", answer: .body("", status: 504), next: "password"),
        Mishap(testDescription: "closed", answer: .raw([]), next: "password"),
        Mishap(testDescription: "reset", answer: .raw([.reset]), next: "password"),
        Mishap(
            testDescription: "cut", answer: .raw([.send("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{")]),
            next: "password"),
        Mishap(testDescription: "page", answer: .body("<html>", status: 200), next: "password"),
        Mishap(testDescription: "no HTTP", answer: .raw([.send("what?\r\n")]), next: "password"),
        Mishap(testDescription: "404", answer: .body("", status: 404), next: "password"),
        Mishap(testDescription: "401", answer: .body("", status: 401), next: "password"),
        Mishap(testDescription: "invalid_request", answer: .oauthError("invalid_request"), next: "password"),
    ]

    @Test(arguments: mishaps)
    func aMishapLeadsToTheSameTokenOrALogin(_ mishap: Mishap) async throws {
        let (helper, provider) = try await loggedIn { _, index in
            index == 0 ? mishap.answer : .tokens("again", refresh: "second")
        }
        let result = try await helper.run("get")
        #expect(result.token == "again", "\(result)")
        #expect(result.errors.isEmpty)
        #expect(provider.asked == ["password", "first", mishap.next])
        #expect(try refreshToken(helper) == ("second", false))
    }

    /// Where the password cannot be had, the one refresh token is all there is.
    @Test(arguments: mishaps)
    func whereALoginNeedsAPersonALostAnswerIsRiskedOnce(_ mishap: Mishap) async throws {
        let isRefusal = ["404", "401", "invalid_request"].contains(mishap.testDescription)
        let isUnclear = ["408", "425", "500", "502", "504"].contains(mishap.testDescription)
        let (helper, provider) = try await loggedIn(password: Self.onlyOnce) { _, index in
            index == 0 ? mishap.answer : .tokens("again", refresh: "second")
        }
        let result = try await helper.run("--no-input", "get")
        if isRefusal || isUnclear {
            #expect(result.status != 0, "\(result)")
            #expect(provider.asked == ["password", "first"])
            // Kept: nothing says that it was used up for good.
            #expect(try refreshToken(helper) == ("first", isUnclear))
        } else {
            #expect(result.token == "again", "\(result)")
            #expect(provider.asked == ["password", "first", "first"])
        }
    }

    @Test func aLostAnswerIsRiskedNoMoreThanOnce() async throws {
        let (helper, provider) = try await loggedIn(password: Self.onlyOnce) { _, _ in .raw([]) }
        #expect(try await helper.run("--no-input", "get").status == 75)
        #expect(provider.asked == ["password", "first", "first"])
        #expect(try refreshToken(helper) == ("first", true))
    }

    @Test func aRefreshTokenOutlivesARefusedConnection() async throws {
        let (helper, provider) = try await loggedIn(timeout: "1s") { _, _ in .hang }
        provider.stop()
        let result = try await helper.run("get")
        #expect(result.status == 75, "\(result)")
        #expect(try refreshToken(helper) == ("first", false))
    }

    @Test func aClientThatIsRefusedKeepsItsTokens() async throws {
        let (helper, provider) = try await loggedIn { _, _ in .oauthError("invalid_client", status: 401) }
        for _ in 0..<2 {
            let result = try await helper.run("get")
            #expect(result.status == 78, "\(result)")
            #expect(result.errorCode == "config")
        }
        #expect(provider.asked == ["password", "first"])
        #expect(try refreshToken(helper) == ("first", false))
        #expect(try helper.stored("token") != nil)
    }

    @Test func withRefreshOffEveryRenewalIsALogin() async throws {
        let (helper, provider) = try await loggedIn("refresh = off") { _, _ in
            .tokens("again", refresh: "second")
        }
        #expect(try await helper.run("get").source == "login")
        #expect(provider.asked == ["password", "password"])
    }

    /// Butlr has not published how a refresh token is redeemed.
    @Test(arguments: [true, false])
    func aButlrProfileRefreshesOnlyWhereItIsToldTo(_ hasEndpoint: Bool) async throws {
        let provider = try StubProvider { _, index in .tokens("token\(index)", refresh: "refresh\(index)") }
        let helper = try Helper()
        try helper.config(
            """
            [profile "default"]
                base-url = \(provider.url)
                grant = password
                username = ada
                password = plain:canary
                \(hasEndpoint ? "refresh-endpoint = \(provider.url)/refresh" : "")
            """)
        #expect(try await helper.run("get").token == "token0")
        #expect(try refreshToken(helper).token == "refresh0")
        try helper.age(by: 4000)
        let result = try await helper.run("get")
        #expect(result.source == (hasEndpoint ? "refresh" : "login"), "\(result)")
        #expect(
            provider.requests.map(\.path) == ["/api/v2/login", hasEndpoint ? "/refresh" : "/api/v2/login"])
        #expect(provider.requests[0].text == #"{"username":"ada","password":"canary"}"#)
        #expect(provider.requests.allSatisfy { $0.header("Content-Type") == "application/json" })
    }

    /// A power failure must find either the note or what came back, never a token that is spent.
    @Test(.clients("strace")) func eachStepIsOnDiskBeforeTheNext() async throws {
        let (helper, provider) = try await loggedIn { _, _ in .tokens("again", refresh: "second") }
        let trace = helper.home.path("trace")
        let calls = "trace=openat,fsync,rename,renameat,renameat2,sendto,connect,write,fallocate"
        let result = try await helper.client(
            "strace", ["-f", "-y", "-s", "200", "-e", calls, "-o", trace, helper.executable, "get"]
        ).run()
        try result.requireStrace()
        #expect(result.token == "again", "\(result)")
        func step(_ line: Substring) -> String? {
            if line.contains("openat("), line.contains("/libcurl"), !line.contains("ENOENT") { return "load" }
            if line.contains("fsync("), line.contains(".refresh.new>") { return "sync file" }
            if line.contains("fsync(") { return "sync folder" }
            if line.contains("rename"), line.contains(".refresh.new\"") { return "rename" }
            if line.contains("fallocate("), line.contains(".refresh.new>") { return "make room" }
            if line.contains("sendto("), line.contains("POST /token") { return "send" }
            if line.contains("write(1<"), line.contains("again") { return "answer" }
            return nil
        }
        let kept = ["sync file", "rename", "sync folder"]
        #expect(provider.asked == ["password", "first"])
        #expect(
            try helper.home.read("trace").split(separator: "\n").compactMap(step)
                == ["load"] + kept + ["make room", "send"] + kept + ["answer"])
    }

    /// The lock comes so late that the answer might come too late.
    @Test(.clients("strace")) func aRefreshThatHasNoTimeIsNotBegun() async throws {
        let (helper, provider) = try await loggedIn(timeout: "1s") { _, _ in
            .tokens("again", refresh: "second")
        }
        let result = try await helper.withFault("flock:delay_enter=600ms", "get").run()
        try result.requireStrace()
        #expect(result.status == 75, "\(result)")
        #expect(provider.asked == ["password"])
        #expect(try refreshToken(helper) == ("first", false))
    }

    /// The third time that something is to be on the disk it is the token that came in place of the spent one.
    @Test(.clients("strace")) func aWriteThatFailsIsTriedAgain() async throws {
        let (helper, provider) = try await loggedIn { _, _ in .tokens("again", refresh: "second") }
        let result = try await helper.withFault("fsync:error=EIO:when=3", "get").run()
        try result.requireStrace()
        #expect(result.token == "again", "\(result)")
        #expect(result.errors.isEmpty)
        #expect(provider.asked == ["password", "first"])
        #expect(try refreshToken(helper) == ("second", false))
    }
}
