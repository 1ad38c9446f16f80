import Platform
import Synchronization
import TestSupport

/// A server of git repositories over HTTP that wants a token: git's own `git http-backend` does the rest.
final class GitServer: Sendable {
    /// How the server takes a token.
    enum Scheme: String, Sendable {
        /// As a password, with the user name `oauth2`.
        case basic = "Basic"
        case bearer = "Bearer"
    }

    let server: ScriptedServer
    private let acceptedToken: Tokens

    private final class Tokens: Sendable {
        let accepted: Mutex<String>
        init(_ token: String) { accepted = Mutex(token) }
    }

    /// - Parameters:
    ///   - folder: holds the repositories.
    ///   - helper: whose home and environment `git http-backend` gets.
    init(of folder: String, _ scheme: Scheme, token: String, _ helper: Helper) throws {
        let tokens = Tokens(token)
        acceptedToken = tokens
        server = try ScriptedServer { [backend = helper.client("git", ["http-backend"])] request, _ in
            let token = tokens.accepted.withLock { $0 }
            let credential =
                scheme == .bearer ? "Bearer \(token)" : "Basic \(base64(Array("oauth2:\(token)".utf8)))"
            guard request.header("Authorization") == credential else {
                return .http(
                    status: 401, headers: [("WWW-Authenticate", "\(scheme.rawValue) realm=\"git\"")])
            }
            return GitServer.reply(to: request, folder, backend)
        }
    }

    var url: String { server.url }

    /// Accepts this token from now on, and no other.
    func accept(_ token: String) { acceptedToken.accepted.withLock { $0 = token } }

    /// The `Authorization` headers that came.
    var credentials: [String] { server.requests.compactMap { $0.header("Authorization") } }

    /// Hands a request to git by CGI (RFC 3875).
    private static func reply(
        to request: ScriptedServer.Request, _ folder: String, _ backend: Program
    ) -> ScriptedServer.Reply {
        var program = backend
        let variables = [
            "GIT_PROJECT_ROOT": folder, "GIT_HTTP_EXPORT_ALL": "1", "REMOTE_USER": "ada",
            "REQUEST_METHOD": request.method, "PATH_INFO": request.path,
            "QUERY_STRING": String(request.target.dropFirst(request.path.count + 1)),
            "CONTENT_TYPE": request.header("Content-Type") ?? "",
            "CONTENT_LENGTH": String(request.body.count),
            "HTTP_CONTENT_ENCODING": request.header("Content-Encoding") ?? "",
            "GIT_PROTOCOL": request.header("Git-Protocol") ?? "",
        ]
        program.environment.merge(variables) { $1 }
        guard let result = try? runBlocking(program, input: .bytes(request.body)), result.status == 0 else {
            return .http(status: 500)
        }
        let output = result.outputBytes
        let end = Array("\r\n\r\n".utf8)
        guard let split = output.indices.first(where: { output[$0...].starts(with: end) }) else {
            return .http(status: 500)
        }
        var status = 200
        var headers: [(name: String, value: String)] = []
        for line in String(decoding: output[..<split], as: UTF8.self).split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            let value = parts[1].drop { $0 == " " }
            if parts[0] == "Status" {
                status = Int(value.prefix(3)) ?? 500
            } else {
                headers.append((String(parts[0]), String(value)))
            }
        }
        return .http(Array(output[(split + end.count)...]), status: status, headers: headers)
    }

    private final class Box: Sendable {
        let result = Mutex<Result<Program.Outcome, any Error>?>(nil)
    }

    /// Runs a program on a thread that may block, as a server's handler may.
    private static func runBlocking(
        _ program: Program, input: Program.Input
    ) throws -> Program.Outcome {
        let gate = try Gate()
        let box = Box()
        Task {
            let result: Result<Program.Outcome, any Error>
            do { result = .success(try await program.run(input: input)) } catch { result = .failure(error) }
            box.result.withLock { $0 = result }
            gate.open()
        }
        gate.wait()
        return try box.result.withLock { $0 }!.get()
    }
}
