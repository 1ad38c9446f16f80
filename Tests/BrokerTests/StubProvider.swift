import Platform
import Sandbox
import Synchronization
import TestSupport
import Testing

/// A provider on loopback that answers as a test tells it to and keeps what it was asked.
///
/// It stops when its last reference goes.
final class StubProvider: Sendable {
    typealias Request = HTTPServer.Request
    typealias Answer = HTTPServer.Answer
    /// Answers a request, given how many came before it. It may block.
    typealias Script = @Sendable (_ request: Request, _ index: Int) -> Answer

    private final class Record: Sendable {
        let requests = Mutex<[Request]>([])
    }

    private let record: Record
    private let server: HTTPServer
    /// `http://127.0.0.1:PORT`
    let url: String

    init(_ script: @escaping Script) throws {
        let record = Record()
        self.record = record
        server = HTTPServer { request in
            let index = record.requests.withLock { requests in
                requests.append(request)
                return requests.count - 1
            }
            return script(request, index)
        }
        url = try server.start()
    }

    convenience init(_ answer: Answer) throws { try self.init { _, _ in answer } }

    deinit { server.stop() }

    /// From here on connections are refused.
    func stop() { server.stop() }

    var port: UInt16 { UInt16(url.split(separator: ":").last!)! }

    /// The requests so far, in the order in which they came.
    var requests: [Request] { record.requests.withLock { $0 } }

    /// What each request asked for: its `grant_type`, and the refresh token where there is one.
    var asked: [String] { requests.map(asked(of:)) }

    /// Waits until so many requests have come.
    func waitForRequests(_ count: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while requests.count < count {
            guard deadline > .now else { throw TooFew(expected: count, seen: requests.count) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    struct TooFew: Error {
        let expected, seen: Int
    }
}

/// `password`, `client_credentials` or the refresh token of a form request.
func asked(of request: HTTPServer.Request) -> String {
    var form: [String: String] = [:]
    for pair in request.text.split(separator: "&") {
        let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
        form[parts[0]] = parts.count > 1 ? parts[1] : ""
    }
    return form["refresh_token"] ?? form["grant_type"] ?? ""
}

extension HTTPServer.Answer {
    static func json(
        _ text: String, status: Int = 200, headers: KeyValuePairs<String, String> = [:], delay: Int = 0
    ) -> Self {
        .response(.init(status: status, headers: headers, json: text, delay: delay))
    }

    static func body(
        _ text: String, status: Int, headers: KeyValuePairs<String, String> = [:]
    ) -> Self {
        .response(.init(status: status, headers: headers, body: Array(text.utf8)))
    }

    /// A token response; `more` are further members, each with a comma before it.
    static func token(_ token: String, lifetime: String = "3600", more: String = "", delay: Int = 0) -> Self {
        .json(
            #"{"access_token":"\#(token)","token_type":"Bearer","expires_in":\#(lifetime)\#(more)}"#,
            delay: delay)
    }

    /// A token response with a refresh token.
    static func tokens(_ token: String, refresh: String, lifetime: String = "3600", delay: Int = 0) -> Self {
        .token(token, lifetime: lifetime, more: #","refresh_token":"\#(refresh)""#, delay: delay)
    }

    static func oauthError(_ error: String, status: Int = 400) -> Self {
        .json(#"{"error":"\#(error)"}"#, status: status)
    }

    static let hang: Self = .raw([.hang])
}

extension Helper {
    /// The profile `default`: a client of a provider at `base`, with these further lines.
    func useClient(of base: String, _ lines: String = "") throws {
        try config(
            """
            [profile "default"]
                provider = oauth2
                token-endpoint = \(base)/token
                client-id = cli
                client-secret = plain:canary-secret
                renew-ahead = off
            \(lines)
            """)
    }

    /// The profile `default`: a user of a provider at `base`, with these further lines.
    func useUser(of base: String, password: String = "plain:canary-password", _ lines: String = "") throws {
        try config(
            """
            [profile "default"]
                provider = oauth2
                token-endpoint = \(base)/token
                client-auth = none
                client-id = cli
                grant = password
                username = ada
                password = \(password)
                renew-ahead = off
            \(lines)
            """)
    }

    /// A helper whose profile `default` is a client, in no hurry.
    static func client(
        of provider: StubProvider, _ lines: String = "", timeout: String = "60s",
        environment: [String: String?] = [:]
    ) throws -> Helper {
        let helper = try Helper(environment: ["BUTLR_TIMEOUT": timeout].merging(environment) { $1 })
        try helper.useClient(of: provider.url, lines)
        return helper
    }

    /// A helper whose profile `default` is a user, in no hurry.
    static func user(
        of provider: StubProvider, password: String = "plain:canary-password", _ lines: String = "",
        timeout: String = "60s"
    ) throws -> Helper {
        let helper = try Helper(environment: ["BUTLR_TIMEOUT": timeout])
        try helper.useUser(of: provider.url, password: password, lines)
        return helper
    }

    /// The helper with a fault in its system calls, as `strace -e inject=` has it.
    func withFault(_ fault: String, _ arguments: String...) -> Program {
        let call = String(fault.prefix { $0 != ":" })
        return client(
            "strace",
            ["-f", "-qq", "-o", "/dev/null", "-e", "trace=\(call)", "-e", "inject=\(fault)", executable]
                + arguments)
    }

    /// The one file of that kind (`token`, `refresh`, `failure`, `lock`), as a path in the home; `nil` where there
    /// is none.
    func stored(_ kind: String) throws -> String? {
        try home.files().first { $0.hasSuffix(".\(kind)") }
    }

    /// Changes members of a stored file's JSON object.
    func rewrite(_ kind: String, _ changes: [String: JSON]) throws {
        guard let name = try stored(kind) else { throw NoSuchFile(kind: kind) }
        guard case .object(var members) = try JSON(parsing: try home.readBytes(name)) else { return }
        for index in members.indices {
            members[index].value = changes[members[index].name] ?? members[index].value
        }
        try home.write(name, JSON.object(members).serialized)
    }

    /// Moves the times of the stored token and its lock by so many seconds, so that no test has to wait for a token to
    /// age.
    func age(by seconds: Int64) throws {
        guard let name = try stored("token") else { throw NoSuchFile(kind: "token") }
        let token = try JSON(parsing: try home.readBytes(name))
        var changes: [String: JSON] = [:]
        for member in ["issued", "obtained", "expires", "id_token_expires"] {
            if let moment = token[member]?.integer {
                changes[member] = .number(Double(moment - seconds * 1000))
            }
        }
        try rewrite("token", changes)
        if let lock = try stored("lock") {
            let past = timespec(tv_sec: time(nil) - Int(seconds), tv_nsec: 0)
            _ = utimensat(AT_FDCWD, home.path + "/" + lock, [past, past], 0)
        }
    }

    /// Lets a remembered failure hold for an hour more, so that no test depends on how soon it asks again.
    func prolongFailure() throws {
        guard let name = try stored("failure") else { throw NoSuchFile(kind: "failure") }
        let failure = try JSON(parsing: try home.readBytes(name))["failure"]
        guard case .object(var members)? = failure, let until = failure?["until"]?.integer else { return }
        for index in members.indices where members[index].name == "until" {
            members[index].value = .number(Double(until + 3_600_000))
        }
        try rewrite("failure", ["failure": .object(members)])
    }

    struct NoSuchFile: Error {
        let kind: String
    }
}

extension Program.Outcome {
    /// The native protocol's answer.
    var answer: JSON { (try? JSON(parsing: outputBytes)) ?? .null }
    var token: String? { answer["access_token"]?.string }
    var source: String? { answer["source"]?.string }
    var errorCode: String? { answer["error"]?["code"]?.string }
    var isRetryable: Bool? { answer["error"]?["retryable"]?.bool }
    var retryAfter: Int64? { answer["error"]?["retry_after"]?.integer }
    var message: String { answer["error"]?["message"]?.string ?? "" }

    /// Skips the rest of a test that strace could not do its part in.
    func requireStrace(sourceLocation: SourceLocation = #_sourceLocation) throws {
        if errors.contains("ptrace") {
            try Test.cancel("strace may not trace here", sourceLocation: sourceLocation)
        }
    }

    /// The lines on standard error.
    var errorLines: [Substring] { errors.split(separator: "\n") }
}
