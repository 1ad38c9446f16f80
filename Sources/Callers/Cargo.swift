import Broker
import Platform

/// `cargo`: a credential provider (protocol version 1, cargo 1.74 and later).
///
/// cargo talks first, keeps its end open, and takes any other status than 0 for a failure of the whole command.
public enum Cargo: Command {
    /// The one argument that cargo gives, whatever the program is called.
    public static let pluginOption = "--cargo-plugin"

    public static let name = "cargo"
    public static let program: String? = "cargo-credential-butlr"

    public static let manual = Manual(
        summary: "answer cargo as a credential provider",
        options: [.init(pluginOption, nil, "what cargo calls it with")],
        input: "cargo's requests, one JSON object a line")

    public static func answer(_ call: Call) throws(HelperError) -> Reply {
        try call.input.refuseTerminal(Self.self)
        try Options(call.arguments, of: Self.self).refuseOperands()
        try call.send("{\"v\":[1]}\n")
        var lines = LineReader()
        while let line = lines.next() {
            let response: JSON
            do throws(HelperError) {
                response = try respond(to: try line.get(), call)
            } catch {
                response = failure(error)
            }
            try call.send(response.serialized + "\n")
        }
        return Reply()
    }

    private static func respond(to line: [UInt8], _ call: Call) throws(HelperError) -> JSON {
        guard let request = try? JSON(parsing: line), request["v"]?.integer == 1,
            let kind = request["kind"]?.string, let index = request["registry"]?["index-url"]?.string
        else { throw HelperError(.badRequest, "this is not a request in version 1 of cargo's protocol") }
        let options = try Options(request["args"]?.array?.compactMap(\.string) ?? [], of: name) {
            knownOptions
        }
        let broker = call.broker.forNextRequest(
            profile: options["--profile"], configFile: options["--config"])
        var wanted = CredentialRequest(url: try requestedURL(index))
        wanted.isForAnyServer = true
        switch kind {
        case "get":
            let credential = try broker.credential(for: wanted)
            let token = credential.token.reveal()
            return [
                "Ok": [
                    "kind": "get",
                    // cargo sends it as the whole of the Authorization header.
                    "token": .string(credential.profile.cargoToken == .bearer ? "Bearer " + token : token),
                    "cache": "expires",
                    "expiration": .number(Double(credential.expires.seconds)),
                    "operation_independent": true,
                ]
            ]
        case "login":
            let selection = try broker.selection(for: wanted)
            guard request["token"] == nil else {
                throw HelperError(.usage, "tokens come from the provider and cannot be stored")
            }
            _ = try selection.credential()
            return ["Ok": ["kind": "login"]]
        case "logout":
            try broker.selection(for: wanted).forget()
            return ["Ok": ["kind": "logout"]]
        default: return ["Err": ["kind": "operation-not-supported"]]
        }
    }

    /// What a registry's `credential-provider` may name behind the program.
    private static let knownOptions: [Manual.Option] = [
        .init("--profile", "NAME", "the profile to use"), .init("--config", "FILE", "the config file"),
    ]

    private static func failure(_ error: HelperError) -> JSON {
        if error.code == .noProfile { return ["Err": ["kind": "url-not-supported"]] }
        return [
            "Err": [
                "kind": "other",
                "message": .string(error.message),
                "caused-by": .array(error.hint.map { [.string($0)] } ?? []),
            ]
        ]
    }
}

/// Standard input line by line, for as long as the other end is open.
struct LineReader {
    private var pending: [UInt8] = []
    private var hasEnded = false

    /// The next line; the last one may lack its newline.
    ///
    /// - Returns: `nil` at the end of the input; `bad-request` for a line of more than 1 MiB, after which the next
    ///   one can be read.
    mutating func next() -> Result<[UInt8], HelperError>? {
        var isTooLong = false
        var searched = 0
        while true {
            if let end = pending[searched...].firstIndex(of: 0x0A) {
                let line = Array(pending[..<end])
                pending.removeSubrange(...end)
                return isTooLong || line.count > StandardInput.limit ? .failure(tooLong) : .success(line)
            }
            if pending.count > StandardInput.limit {
                isTooLong = true
                pending = []
            }
            searched = pending.count
            if hasEnded {
                defer { pending = [] }
                if isTooLong { return .failure(tooLong) }
                return pending.isEmpty ? nil : .success(pending)
            }
            let chunk = (try? readSome(STDIN_FILENO, atMost: 65_536)) ?? []
            hasEnded = chunk.isEmpty
            pending.append(contentsOf: chunk)
        }
    }

    private var tooLong: HelperError {
        HelperError(.badRequest, "the request on standard input is longer than 1 MiB")
    }
}
