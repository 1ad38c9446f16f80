import Broker
import Callers
import Platform
import Profiles

/// `status`: what is known of each profile, without asking anybody.
enum Status: Command {
    static let name = "status"

    static let manual = Manual(
        summary: "show each profile: whose, how long its token lives, what went wrong",
        options: [.init("--json", nil, "for programs: one object, with \"version\": 1")],
        details: [
            "Shows every profile, or the one that --profile names. No request is made, no secret command is run,"
                + " and no token or secret is shown.",
            "The exit status is 0 when each profile shown has a fresh token or can be expected to get one;"
                + " otherwise that of the first that cannot: 78 for a mistake in the config or a secret that is"
                + " missing; 77, 75 or 69 while a refusal, an outage or an odd answer of the provider is"
                + " remembered.",
        ])

    static func answer(_ call: Call) throws(HelperError) -> Reply {
        let options = try Options(call.arguments, of: Self.self)
        try options.refuseOperands()
        let statuses = try call.broker.statuses()
        let now = call.context.clock.now()
        let obstacle = statuses.lazy.compactMap(\.obstacle).first
        let output: String
        if options["--json"] != nil {
            output =
                JSON.object([
                    .init("version", 1), .init("profiles", .array(statuses.map { $0.json(at: now) })),
                ]).serialized + "\n"
        } else {
            let width = TerminalSize.columns(STDOUT_FILENO, call.context.environment)
            output = StatusTable(statuses, call.context, call.broker, width: width).text
        }
        return Reply(output: output, status: obstacle?.code.exitStatus ?? 0)
    }

    static func refusal(_ error: HelperError, _ call: Call) -> Reply {
        var reply = Reply(failure: error)
        if call.arguments.contains("--json") { reply.output = error.json.serialized + "\n" }
        return reply
    }
}

extension ProfileStatus {
    fileprivate func json(at now: Timestamp) -> JSON {
        var members: [JSON.Member] = [
            .init("name", .string(name)), .init("ready", .bool(obstacle == nil)),
        ]
        if case .success(let profile) = profile {
            members += [
                .init("provider", .string(profile.provider.name)),
                .init("grant", .string(profile.grant.rawValue)),
                .init("token_endpoint", .string(profile.tokenEndpoint)),
                .init("client_id", profile.clientID.map(JSON.string) ?? .null),
                .init("username", profile.username.map(JSON.string) ?? .null),
                .init("subject", token?.subject.map(JSON.string) ?? .null),
                .init("scope", (token?.scope ?? profile.requestedScope).map(JSON.string) ?? .null),
                .init("urls", .array(profile.urls.map { .string($0.description) })),
                .init("origin", .string(profile.origin.description)),
                .init("token", token.map { $0.json(at: now) } ?? .null),
                .init("refresh_token", .bool(hasRefreshToken)),
                .init("secrets", .array(secrets.map(\.json))),
                .init("failure", failure.map(\.json) ?? .null),
            ]
        }
        members.append(.init("error", obstacle.flatMap { $0.json["error"] } ?? .null))
        return .object(members)
    }
}

extension ProfileStatus.Token {
    fileprivate func json(at now: Timestamp) -> JSON {
        [
            "fresh": .bool(isFresh), "issued": .string(issued.rfc3339), "expires": .string(expires.rfc3339),
            "expires_in": .number(Double(max(0, (expires - now) / 1000))),
        ]
    }
}

extension ProfileStatus.NeededSecret {
    fileprivate var json: JSON {
        [
            "key": .string(key.name),
            "sources": .array(
                sources.map { source, presence in
                    ["source": .string(source.description), "state": .string(presence.word)]
                }),
        ]
    }
}

extension ProfileStatus.Failure {
    fileprivate var json: JSON {
        [
            "code": .string(error.code.rawValue), "message": .string(error.message),
            "at": .string(at.rfc3339), "until": .string(until.rfc3339),
        ]
    }
}

extension SecretPresence {
    fileprivate var word: String {
        switch self {
        case .present: "present"
        case .unknown: "not-tried"
        case .withPerson: "asked-for"
        case .missing: "missing"
        }
    }
}

extension Profile {
    var requestedScope: String? { scope.isEmpty ? nil : scope.joined(separator: " ") }
}
