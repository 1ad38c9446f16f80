import Platform
import Sandbox
import Testing

/// A sandbox with a client to talk to it.
struct RunningSandbox {
    let server: SandboxServer
    let baseURL: String

    static let userLogin = #"{"username":"ada@example.com","password":"sandbox-password"}"#
    static let clientLogin =
        #"{"client_id":"client_sandbox","client_secret":"sandbox-secret","audience":"https://butlrauth/","#
        + #""grant_type":"client_credentials"}"#
    static let basic = "Basic \(base64(Array("client_sandbox:sandbox-secret".utf8)))"

    func request(
        _ method: String, _ path: String, headers: [String: String] = [:], body: String = ""
    ) throws -> Reply {
        let client = try RawClient(baseURL: baseURL)
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \(body.utf8.count)\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        client.send(head + "\r\n" + body)
        return try #require(try client.reply())
    }

    func post(_ path: String, json: String) throws -> Reply {
        try request("POST", path, headers: ["Content-Type": "application/json"], body: json)
    }

    /// A request to `/oauth/token`.
    func token(_ form: String, authorization: String? = nil) throws -> Reply {
        var headers = ["Content-Type": "application/x-www-form-urlencoded"]
        headers["Authorization"] = authorization
        return try request("POST", "/oauth/token", headers: headers, body: form)
    }

    func logIn() throws -> Reply { try post("/api/v2/login", json: Self.userLogin) }

    func refresh(_ refreshToken: String?) throws -> Reply {
        try token("grant_type=refresh_token&refresh_token=\(try #require(refreshToken))")
    }

    /// The status that the protected resource answers this access token with.
    func status(of accessToken: String?) throws -> Int {
        let token = try #require(accessToken)
        return try request("POST", "/api/v3/graphql", headers: ["Authorization": "Bearer \(token)"]).status
    }
}

/// Runs `body` against a sandbox with these options.
func withSandbox(
    _ options: SandboxOptions = SandboxOptions(), _ body: (RunningSandbox) throws -> Void
) throws {
    let server = SandboxServer(options)
    defer { server.stop() }
    try body(RunningSandbox(server: server, baseURL: try server.start()))
}

/// Runs `body` against a server with that handler; gives it the base URL.
func withServer(_ handler: @escaping HTTPServer.Handler, _ body: (String) throws -> Void) throws {
    let server = HTTPServer(handler: handler)
    defer { server.stop() }
    try body(try server.start())
}

/// The claims of a JSON Web Token.
func claims(of token: String?) throws -> JSON {
    let parts = try #require(token).split(separator: ".")
    try #require(parts.count == 3)
    return try JSON(parsing: try #require(decodeBase64URL(parts[1].utf8)))
}

/// Waits for something that another thread does; gives up after a minute, so that a fault ends the test.
func waitUntil(_ condition: () -> Bool) {
    let deadline = Deadline(in: 60_000)
    while !condition(), !deadline.hasPassed { deadline.sleep(1) }
}
