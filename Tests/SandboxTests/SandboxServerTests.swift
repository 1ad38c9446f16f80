import Platform
import Sandbox
import Testing

@Suite struct SandboxServerTests {
    @Test func theResourceTellsValidTokensFromOthers() throws {
        try withSandbox { sandbox in
            let token = try #require(try sandbox.logIn().accessToken)
            for method in ["GET", "POST", "PATCH"] {
                let reply = try sandbox.request(
                    method, "/api/v3/graphql?x=y", headers: ["Authorization": "bearer \(token)"])
                #expect(reply.status == 200)
                #expect(reply["data"]?["viewer"]?["subject"]?.string == "ada@example.com")
            }
            for authorization in ["Bearer x\(token)", "Basic \(token)", "Bearer", ""] {
                let reply = try sandbox.request(
                    "GET", "/api/v3/graphql", headers: ["Authorization": authorization])
                #expect(reply.status == 401)
                #expect(reply.headers["www-authenticate"] == #"Bearer error="invalid_token""#)
            }
        }
    }

    @Test(arguments: [0, -60])
    func tokensCanBeExpiredFromTheStart(expiresIn: Int) throws {
        try withSandbox(SandboxOptions(expiresIn: expiresIn)) { sandbox in
            let reply = try sandbox.logIn()
            #expect(reply["expires_in"]?.integer == Int64(expiresIn))
            #expect(try sandbox.status(of: reply.accessToken) == 401)
        }
    }

    @Test func tokensExpireByTheSandboxesClock() throws {
        try withSandbox(SandboxOptions(expiresIn: 100)) { sandbox in
            let token = try sandbox.logIn().accessToken
            sandbox.server.configure { $0.clockOffset = 7200 }
            #expect(try sandbox.status(of: token) == 401)

            let before = Clock.system.now().seconds
            let reply = try sandbox.logIn()
            #expect(try #require(try claims(of: reply.accessToken)["iat"]?.integer) >= before + 7200)
            let date = try #require(Timestamp(httpDate: reply.headers["date"] ?? ""))
            #expect(date.seconds >= before + 7200)
            #expect(try sandbox.status(of: reply.accessToken) == 200)
        }
    }

    @Test func tokensCanBeRevoked() throws {
        try withSandbox { sandbox in
            let login = try sandbox.logIn()
            sandbox.server.revokeAccessTokens()
            #expect(try sandbox.status(of: login.accessToken) == 401)
            #expect(try sandbox.status(of: try sandbox.refresh(login.refreshToken).accessToken) == 200)
            sandbox.server.revokeRefreshTokens()
            #expect(try sandbox.refresh(login.refreshToken).error == "invalid_grant")
        }
    }

    @Test func failuresAreWorkedOffInOrder() throws {
        let failures = [(429, 2), (500, 1)].map { SandboxOptions.Failure(status: $0.0, count: $0.1) }
        try withSandbox(SandboxOptions(failures: failures)) { sandbox in
            let limited = try sandbox.logIn()
            #expect(limited.headers["retry-after"] == "1")
            #expect(limited.error == "too_many_requests")
            // Only token requests count.
            #expect(try sandbox.request("GET", "/_sandbox/requests").status == 200)
            #expect(try sandbox.status(of: "none") == 401)

            var statuses = [limited.status]
            for _ in 1...4 { statuses.append(try sandbox.logIn().status) }
            #expect(statuses == [429, 429, 500, 200, 200])
            #expect(sandbox.server.requests.map(\.status) == statuses)
        }
    }

    @Test func aFailureWithoutCountStays() throws {
        try withSandbox { sandbox in
            sandbox.server.configure { $0.failures = [.init(status: 503)] }
            for _ in 1...3 {
                let reply = try sandbox.logIn()
                #expect(reply.status == 503)
                #expect(reply.headers["retry-after"] == "1")
            }
            sandbox.server.configure { $0.failures = [] }
            #expect(try sandbox.logIn().status == 200)
        }
    }

    @Test func requestsAreListedWithoutSecrets() throws {
        try withSandbox { sandbox in
            let before = Clock.system.now()
            _ = try sandbox.logIn()
            _ = try sandbox.post("/api/v2/clients/login", json: "{}")
            _ = try sandbox.token("grant_type=client_credentials", authorization: RunningSandbox.basic)
            _ = try sandbox.refresh("secret-token")
            _ = try sandbox.token("grant_type=secret-grant&password=secret")
            let after = Clock.system.now()

            let reply = try sandbox.request("GET", "/_sandbox/requests")
            #expect(reply.status == 200)
            let requests = try #require(reply["requests"]?.array)
            #expect(
                requests.map { $0["path"]?.string } == [
                    "/api/v2/login", "/api/v2/clients/login", "/oauth/token", "/oauth/token", "/oauth/token",
                ])
            #expect(
                requests.map { $0["grant"]?.string } == [
                    "password", "client_credentials", "client_credentials", "refresh_token", nil,
                ])
            #expect(requests.map { $0["status"]?.integer } == [200, 400, 200, 400, 400])
            #expect(!reply.text.contains("secret"))
            for request in requests {
                let time = try #require(request["time"]?.string)
                #expect(time.hasSuffix("Z"))
                // RFC 3339 times of one form sort as text.
                #expect(before.rfc3339.dropLast() <= time && time.dropLast(5) <= after.rfc3339)
            }
        }
    }

    @Test func anAnswerWaitsForTheLatencyAndNotForStop() throws {
        try withSandbox(SandboxOptions(latency: 3_600_000)) { sandbox in
            #expect(try sandbox.request("GET", "/_sandbox/requests").status == 200)
            let client = try RawClient(baseURL: sandbox.baseURL)
            client.send("POST /oauth/token HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
            waitUntil { !sandbox.server.requests.isEmpty }
            #expect(!client.hasInput(within: 100))
            sandbox.server.stop()
        }
    }

    @Test func anotherPathOrMethodIsRefused() throws {
        try withSandbox { sandbox in
            let unknown = try sandbox.request("GET", "/nothing")
            #expect(unknown.status == 404)
            #expect(unknown.error == "not_found")
            for (method, path, allowed) in [
                ("GET", "/api/v2/login", "POST"), ("PUT", "/oauth/token", "POST"),
                ("POST", "/_sandbox/requests", "GET"),
            ] {
                let reply = try sandbox.request(method, path)
                #expect(reply.status == 405)
                #expect(reply.headers["allow"] == allowed)
                #expect(reply.error == "method_not_allowed")
            }
            #expect(sandbox.server.requests.isEmpty)
        }
    }

    @Test func manyRequestsAtOnceGetTokensOfTheirOwn() throws {
        try withSandbox { sandbox in
            let clients = try (1...100).map { _ in try RawClient(baseURL: sandbox.baseURL) }
            for client in clients {
                let body = RunningSandbox.userLogin
                client.send("POST /api/v2/login HTTP/1.1\r\nContent-Type: application/json\r\n")
                client.send("Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            }
            let tokens = try clients.map { try #require(try $0.reply()?.accessToken) }
            #expect(Set(tokens).count == 100)
            #expect(sandbox.server.requests.count == 100)
        }
    }
}
