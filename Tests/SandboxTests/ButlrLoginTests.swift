import Sandbox
import Testing

@Suite struct ButlrLoginTests {
    @Test func aUserGetsAllTokens() throws {
        try withSandbox { sandbox in
            let reply = try sandbox.logIn()
            #expect(reply.status == 200)
            #expect(reply.headers["cache-control"] == "no-store")
            #expect(reply["token_type"]?.string == "Bearer")
            #expect(reply["expires_in"]?.integer == 3600)
            #expect(reply["scope"]?.string == "openid profile email offline_access")
            #expect(reply.refreshToken != nil)
            let access = try claims(of: reply.accessToken)
            #expect(access["sub"]?.string == "ada@example.com")
            #expect(access["iss"]?.string == sandbox.baseURL + "/")
            #expect(access["aud"]?.string == "https://butlrauth/")
            #expect(access["scope"]?.string == reply["scope"]?.string)
            let issued = try #require(access["iat"]?.integer)
            #expect(access["exp"]?.integer == issued + 3600)
            #expect(try claims(of: reply["id_token"]?.string)["sub"]?.string == "ada@example.com")
            #expect(try sandbox.logIn().accessToken != reply.accessToken)
        }
    }

    @Test func aClientGetsAnAccessTokenOnly() throws {
        try withSandbox { sandbox in
            let reply = try sandbox.post("/api/v2/clients/login", json: RunningSandbox.clientLogin)
            #expect(reply.status == 200)
            #expect(try claims(of: reply.accessToken)["sub"]?.string == "client_sandbox")
            #expect(reply["scope"]?.string == "read")
            #expect(reply["expires_in"]?.integer == 3600)
            #expect(reply["token_type"]?.string == "Bearer")
            #expect(reply.refreshToken == nil)
            #expect(reply["id_token"] == nil)

            let scoped = RunningSandbox.clientLogin.replacing("}", with: #","scope":"a b"}"#)
            #expect(try sandbox.post("/api/v2/clients/login", json: scoped)["scope"]?.string == "a b")
        }
    }

    @Test(arguments: [
        #"{"username":"ada@example.com","password":"wrong"}"#,
        #"{"username":"eve@example.com","password":"sandbox-password"}"#,
    ])
    func aWrongPasswordIsRejected(login: String) throws {
        try withSandbox { sandbox in
            let reply = try sandbox.post("/api/v2/login", json: login)
            #expect(reply.status == 401)
            #expect(reply.error == "invalid_grant")
            #expect(reply["error_description"]?.string == "Wrong email or password.")
        }
    }

    @Test func aWrongClientIsRejected() throws {
        try withSandbox { sandbox in
            let login = RunningSandbox.clientLogin.replacing("sandbox-secret", with: "wrong")
            let reply = try sandbox.post("/api/v2/clients/login", json: login)
            #expect(reply.status == 401)
            #expect(reply.error == "access_denied")
            #expect(reply["error_description"]?.string == "Unauthorized")
        }
    }

    @Test(arguments: [
        (#"{"username":"ada@example.com"}"#, "password"),
        (#"{"password":"sandbox-password"}"#, "username"),
        (#"{"username":"a","password":"b","grant_type":"password"}"#, "grant_type"),
        (#"{"username":"a","password":1}"#, "password"),
        (#"["username"]"#, "JSON object"),
        ("username=a&password=b", "JSON object"),
        ("", "JSON object"),
    ])
    func aLoginOfAnotherFormIsRefused(login: String, complaint: String) throws {
        try withSandbox { sandbox in
            let reply = try sandbox.post("/api/v2/login", json: login)
            #expect(reply.status == 400)
            #expect(reply.error == "invalid_request")
            #expect(reply["error_description"]?.string?.contains(complaint) == true)
        }
    }

    @Test(arguments: [
        ("https://butlrauth/", "https://butlrauth", "audience"),
        (#""grant_type":"client_credentials""#, #""grant_type":"password""#, "grant_type"),
        (#""grant_type":"client_credentials""#, #""scope":"a""#, "grant_type"),
        (#""grant_type""#, #""connection":"a","grant_type""#, "connection"),
    ])
    func aClientLoginOfAnotherFormIsRefused(part: String, other: String, complaint: String) throws {
        try withSandbox { sandbox in
            let login = RunningSandbox.clientLogin.replacing(part, with: other)
            let reply = try sandbox.post("/api/v2/clients/login", json: login)
            #expect(reply.status == 400)
            #expect(reply.error == "invalid_request")
            #expect(reply["error_description"]?.string?.contains(complaint) == true)
        }
    }

    @Test(arguments: [
        ("application/json; charset=utf-8", 200), ("Application/JSON", 200), ("text/json", 400),
        ("application/x-www-form-urlencoded", 400), ("", 400),
    ])
    func onlyJSONIsTaken(contentType: String, status: Int) throws {
        try withSandbox { sandbox in
            let reply = try sandbox.request(
                "POST", "/api/v2/login", headers: ["Content-Type": contentType],
                body: RunningSandbox.userLogin)
            #expect(reply.status == status)
        }
    }

    @Test func accountsCanBeReplacedAndChanged() throws {
        try withSandbox(SandboxOptions(users: ["bob": "one"])) { sandbox in
            let ada = try sandbox.logIn()
            #expect(ada.status == 401)
            let login = #"{"username":"bob","password":"two"}"#
            #expect(try sandbox.post("/api/v2/login", json: login).status == 401)
            sandbox.server.configure { $0.users["bob"] = "two" }
            #expect(try sandbox.post("/api/v2/login", json: login).status == 200)
        }
    }
}
