import Platform
import Sandbox
import Synchronization

/// A provider whose refresh tokens are good for once: when one comes again, all that came of its login is revoked
/// (RFC 9700 §4.14.2). It keeps count of all that it was asked.
///
/// An access token says whose it is and when it ends, so that anybody can judge it: see ``AccessToken``.
final class RotatingProvider: Sendable {
    /// What was asked for a client.
    struct Usage {
        var logins = 0
        var refreshes = 0
        /// Refresh tokens that came a second time, each of which revoked a login.
        var revocations = 0
        /// Refresh tokens that were no good for another reason: their login was revoked.
        var refusals = 0

        static func - (left: Usage, right: Usage) -> Usage {
            Usage(
                logins: left.logins - right.logins, refreshes: left.refreshes - right.refreshes,
                revocations: left.revocations - right.revocations, refusals: left.refusals - right.refusals)
        }
    }

    private struct RefreshToken {
        let client: String
        let login: Int
        var isUsed = false
    }

    private struct Books {
        var usages: [String: Usage] = [:]
        var refreshTokens: [String: RefreshToken] = [:]
        var revokedLogins: Set<Int> = []
        var serial = 0
    }

    private let books = Mutex(Books())
    /// How long access tokens live, in milliseconds, by the client's name.
    private let lifetime: @Sendable (_ client: String) -> Milliseconds

    /// How long an answer takes at most, in milliseconds.
    private let latency: Int

    init(latency: Int = 0, lifetime: @escaping @Sendable (_ client: String) -> Milliseconds) {
        self.latency = latency
        self.lifetime = lifetime
    }

    /// A server through which it can be asked, in the network of the calling thread.
    func serve(port: UInt16 = 0) throws -> (server: HTTPServer, url: String) {
        let server = HTTPServer(port: port) { self.answer($0) }
        return (server, try server.start())
    }

    /// What a client has asked for so far.
    func usage(of client: String) -> Usage { books.withLock { $0.usages[client] ?? Usage() } }

    /// A refresh token of a new login that nobody asked for.
    func grantRefreshToken(to client: String) -> String {
        books.withLock { books in
            books.serial += 1
            return RotatingProvider.issueRefreshToken(to: client, login: books.serial, &books)
        }
    }

    /// Whether a refresh token could still be redeemed.
    func isGood(_ refreshToken: String) -> Bool {
        books.withLock { books in
            guard let known = books.refreshTokens[refreshToken] else { return false }
            return !known.isUsed && !books.revokedLogins.contains(known.login)
        }
    }

    private func answer(_ request: HTTPServer.Request) -> HTTPServer.Answer {
        var form: [Substring: Substring] = [:]
        for pair in request.text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { form[parts[0]] = parts[1] }
        }
        let client = String(form["client_id"] ?? "")
        return books.withLock { books in
            books.serial += 1
            var login = books.serial
            if form["grant_type"] == "refresh_token" {
                let token = String(form["refresh_token"] ?? "")
                guard let known = books.refreshTokens[token], known.client == client else {
                    books.usages[client, default: Usage()].refusals += 1
                    return RotatingProvider.invalidGrant
                }
                if known.isUsed {
                    books.revokedLogins.insert(known.login)
                    books.usages[client, default: Usage()].revocations += 1
                    return RotatingProvider.invalidGrant
                }
                if books.revokedLogins.contains(known.login) {
                    books.usages[client, default: Usage()].refusals += 1
                    return RotatingProvider.invalidGrant
                }
                books.refreshTokens[token]?.isUsed = true
                books.usages[client, default: Usage()].refreshes += 1
                login = known.login
            } else {
                books.usages[client, default: Usage()].logins += 1
            }
            let lifetime = lifetime(client)
            let token = AccessToken(
                client: client, serial: books.serial, end: Clock.system.now() + lifetime)
            var members: [JSON.Member] = [
                .init("access_token", .string(token.text)), .init("token_type", "Bearer"),
                .init("expires_in", .number(Double(lifetime / 1000))),
            ]
            if form["grant_type"] != "client_credentials" {
                let refreshToken = RotatingProvider.issueRefreshToken(to: client, login: login, &books)
                members.append(.init("refresh_token", .string(refreshToken)))
            }
            return .response(
                .init(json: JSON.object(members).serialized, delay: Int.random(in: 0...latency)))
        }
    }

    private static func issueRefreshToken(to client: String, login: Int, _ books: inout Books) -> String {
        books.serial += 1
        let token = "refresh.\(client).\(books.serial)"
        books.refreshTokens[token] = RefreshToken(client: client, login: login)
        return token
    }

    private static let invalidGrant = HTTPServer.Answer.response(
        .init(status: 400, json: #"{"error":"invalid_grant"}"#))
}

/// An access token of the ``RotatingProvider``.
struct AccessToken: Equatable {
    let client: String
    let serial: Int
    let end: Timestamp

    init(client: String, serial: Int, end: Timestamp) {
        self.client = client
        self.serial = serial
        self.end = end
    }

    init?(_ text: String) {
        let parts = text.split(separator: ".")
        guard parts.count == 4, parts[0] == "access", let serial = Int(parts[2]), let end = Int64(parts[3])
        else { return nil }
        self.init(client: String(parts[1]), serial: serial, end: Timestamp(milliseconds: end))
    }

    var text: String { "access.\(client).\(serial).\(end.milliseconds)" }
}
