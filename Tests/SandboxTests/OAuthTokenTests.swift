import Platform
import Sandbox
import Testing

private let password = "grant_type=password&username=ada%40example.com&password=sandbox-password"

@Suite struct OAuthTokenTests {
    @Test func aClientMayAuthenticateInTheHeaderOrTheContent() throws {
        try withSandbox { sandbox in
            let inHeader = try sandbox.token(
                "grant_type=client_credentials&scope=a+b&audience=x", authorization: RunningSandbox.basic)
            #expect(inHeader.status == 200)
            #expect(inHeader.headers["cache-control"] == "no-store")
            #expect(inHeader["scope"]?.string == "a b")
            #expect(try claims(of: inHeader.accessToken)["aud"]?.string == "x")
            #expect(inHeader.refreshToken == nil)

            let inContent = try sandbox.token(
                "grant_type=client_credentials&client_id=client_sandbox&client_secret=sandbox-secret")
            #expect(inContent.status == 200)
            #expect(try claims(of: inContent.accessToken)["sub"]?.string == "client_sandbox")

            let asJSON = try sandbox.post("/oauth/token", json: RunningSandbox.clientLogin)
            #expect(try claims(of: asJSON.accessToken)["aud"]?.string == "https://butlrauth/")
        }
    }

    @Test func basicCredentialsAreFormDecoded() throws {
        try withSandbox(SandboxOptions(clients: ["a:b": "p%w +ö"])) { sandbox in
            let encoded = "\(formEncoded("a:b")):\(formEncoded("p%w +ö"))"
            let reply = try sandbox.token(
                "grant_type=client_credentials", authorization: "Basic \(base64(Array(encoded.utf8)))")
            #expect(reply.status == 200)
        }
    }

    @Test(arguments: [
        ("grant_type=client_credentials", "Basic \(base64(Array("client_sandbox:wrong".utf8)))"),
        ("grant_type=client_credentials", "Basic \(base64(Array("other:sandbox-secret".utf8)))"),
        ("grant_type=client_credentials", "Basic ?"),
        ("grant_type=client_credentials", "Bearer abc"),
        ("grant_type=client_credentials&client_id=client_sandbox&client_secret=wrong", nil),
        ("grant_type=client_credentials&client_id=client_sandbox", nil),
        ("grant_type=client_credentials", nil),
        ("\(password)&client_id=other", nil),
    ])
    func aWrongClientIsRejected(form: String, authorization: String?) throws {
        try withSandbox { sandbox in
            let reply = try sandbox.token(form, authorization: authorization)
            #expect(reply.status == 401)
            #expect(reply.error == "invalid_client")
            #expect(reply.headers["www-authenticate"]?.hasPrefix("Basic ") == true)
        }
    }

    @Test(arguments: [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=password&username=ada%40example.com", "invalid_request"),
        ("grant_type=refresh_token", "invalid_request"),
        ("\(password)&username=bob", "invalid_request"),
        ("\(password)&client_secret=s", "invalid_request"),
        ("grant_type=%zz", "invalid_request"),
        ("grant_type=authorization_code", "unsupported_grant_type"),
        ("grant_type=password&username=ada%40example.com&password=wrong", "invalid_grant"),
        ("grant_type=password&username=bob&password=sandbox-password", "invalid_grant"),
        ("grant_type=refresh_token&refresh_token=unknown", "invalid_grant"),
    ])
    func aFaultyRequestIsRefused(form: String, error: String) throws {
        try withSandbox { sandbox in
            let reply = try sandbox.token(form)
            #expect(reply.status == 400)
            #expect(reply.error == error)
        }
    }

    @Test func aClientAuthenticatesInOneWayOnly() throws {
        try withSandbox { sandbox in
            let form = "grant_type=client_credentials&client_id=client_sandbox"
            let both = try sandbox.token(
                form + "&client_secret=sandbox-secret", authorization: RunningSandbox.basic)
            #expect(both.error == "invalid_request")
            #expect(try sandbox.token(form, authorization: RunningSandbox.basic).status == 200)
        }
    }

    @Test func aResourceMayBeRepeated() throws {
        try withSandbox { sandbox in
            let reply = try sandbox.token("\(password)&resource=https%3A%2F%2Fa&resource=b")
            #expect(reply.status == 200)
        }
    }

    @Test func aUserGetsAllTokensAndRefreshesThem() throws {
        try withSandbox { sandbox in
            let first = try sandbox.token(password)
            #expect(first.status == 200)
            #expect(first["id_token"]?.string != nil)
            for _ in 1...2 {
                let second = try sandbox.refresh(first.refreshToken)
                #expect(second.status == 200)
                #expect(second.accessToken != first.accessToken)
                #expect(second.refreshToken == nil)
                #expect(second["id_token"]?.string != nil)
                #expect(try sandbox.status(of: second.accessToken) == 200)
            }
        }
    }

    @Test func theScopeOfARefreshMayOnlyShrink() throws {
        try withSandbox { sandbox in
            let refreshToken = try #require(try sandbox.token("\(password)&scope=a+b").refreshToken)
            let refresh = "grant_type=refresh_token&refresh_token=\(refreshToken)"
            #expect(try sandbox.token("\(refresh)&scope=b")["scope"]?.string == "b")
            #expect(try sandbox.token("\(refresh)&scope=b+c").error == "invalid_scope")
            #expect(try sandbox.token(refresh)["scope"]?.string == "a b")
        }
    }

    @Test func aRefreshTokenIsForItsClientOnly() throws {
        try withSandbox(SandboxOptions(clients: ["client_sandbox": "sandbox-secret", "other": "s"])) {
            sandbox in
            let login = try sandbox.token(password, authorization: RunningSandbox.basic)
            let refreshToken = try #require(login.refreshToken)
            let refresh = "grant_type=refresh_token&refresh_token=\(refreshToken)"
            #expect(try sandbox.token(refresh).error == "invalid_grant")
            #expect(try sandbox.token("\(refresh)&client_id=other").error == "invalid_grant")
            #expect(try sandbox.token(refresh, authorization: RunningSandbox.basic).status == 200)
        }
    }

    @Test func rotationGivesANewRefreshTokenEachTime() throws {
        try withSandbox(SandboxOptions(rotatesRefreshTokens: true)) { sandbox in
            let first = try sandbox.logIn()
            let second = try sandbox.refresh(first.refreshToken)
            let third = try sandbox.refresh(second.refreshToken)
            #expect(third.status == 200)
            #expect(Set([first, second, third].map(\.refreshToken)).count == 3)
            #expect(third.refreshToken != nil)
        }
    }

    @Test func aReplayEndsAllTokensOfItsLogin() throws {
        try withSandbox(SandboxOptions(rotatesRefreshTokens: true)) { sandbox in
            let bystander = try sandbox.logIn()
            let first = try sandbox.logIn()
            let second = try sandbox.refresh(first.refreshToken)
            #expect(try sandbox.status(of: second.accessToken) == 200)

            let replay = try sandbox.refresh(first.refreshToken)
            #expect(replay.status == 400)
            #expect(replay.error == "invalid_grant")
            #expect(try sandbox.refresh(second.refreshToken).error == "invalid_grant")
            #expect(try sandbox.status(of: first.accessToken) == 401)
            #expect(try sandbox.status(of: second.accessToken) == 401)

            #expect(try sandbox.status(of: bystander.accessToken) == 200)
            #expect(try sandbox.refresh(bystander.refreshToken).status == 200)
        }
    }
}
