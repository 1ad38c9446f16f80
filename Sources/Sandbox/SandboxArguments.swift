/// A command line that cannot be understood.
public struct UsageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One line that says what is wrong; it repeats no secret.
    public let description: String

    public init(_ description: String) { self.description = description }
}

extension SandboxOptions {
    /// The options as `--help` explains them, for 80 columns.
    public static let help = """
          --port N               listen on this port of 127.0.0.1 (default: any free one)
          --client ID:SECRET     accept this client (default: client_sandbox:sandbox-secret)
          --user NAME:PASSWORD   accept this user (default: ada@example.com:sandbox-password)
          --expires-in S         lifetime of tokens in seconds (default: 3600); 0 or less
                                 gives expired ones
          --latency MS           answer token requests only after so many milliseconds
          --rotate               give a new refresh token with every refresh; using an old
                                 one again revokes all tokens of that login
          --fail STATUS[:COUNT]  answer the next COUNT token requests, or all of them, with
                                 this HTTP status; several are worked off in order

        --client, --user and --fail may be repeated. Use made-up secrets only: every user
        of this machine can read them in the list of processes.
        """

    /// Reads options as they stand on a command line, `--name value` or `--name=value`.
    public init(arguments: some Sequence<String>) throws(UsageError) {
        self.init()
        var clients: [String: String] = [:]
        var users: [String: String] = [:]
        var remaining = arguments.makeIterator()
        while let argument = remaining.next() {
            let name = String(argument.prefix { $0 != "=" })
            let attached = name == argument ? nil : String(argument.dropFirst(name.count + 1))
            func value(_ form: String) throws(UsageError) -> String {
                guard let value = attached ?? remaining.next() else {
                    throw UsageError("\(name) needs \(form)")
                }
                return value
            }
            func number(_ form: String, _ range: ClosedRange<Int>) throws(UsageError) -> Int {
                let text = try value(form)
                guard let number = Int(text), range.contains(number) else {
                    throw UsageError("\(name) needs \(form), \(range.lowerBound) to \(range.upperBound)")
                }
                return number
            }
            func pair(_ form: String) throws(UsageError) -> (name: String, secret: String) {
                let parts = try value(form).split(separator: ":", maxSplits: 1)
                guard parts.count == 2 else { throw UsageError("\(name) needs \(form)") }
                return (String(parts[0]), String(parts[1]))
            }
            switch name {
            case "--port": port = UInt16(try number("a port", 0...65_535))
            case "--client":
                let client = try pair("ID:SECRET")
                clients[client.name] = client.secret
            case "--user":
                let user = try pair("NAME:PASSWORD")
                users[user.name] = user.secret
            case "--expires-in": expiresIn = try number("seconds", -1_000_000_000...1_000_000_000)
            case "--latency": latency = try number("milliseconds", 0...3_600_000)
            case "--rotate":
                guard attached == nil else { throw UsageError("--rotate takes no value") }
                rotatesRefreshTokens = true
            case "--fail":
                guard let failure = Failure(try value("STATUS[:COUNT]")) else {
                    throw UsageError("--fail needs STATUS[:COUNT], a status of 400 to 599 and a count from 1")
                }
                failures.append(failure)
            default:
                throw UsageError(
                    name.hasPrefix("-")
                        ? "unknown option \(name)" : "unexpected argument: options begin with --")
            }
        }
        if !clients.isEmpty { self.clients = clients }
        if !users.isEmpty { self.users = users }
    }
}

extension SandboxOptions.Failure {
    fileprivate init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count <= 2, let status = Int(parts[0]), (400...599).contains(status) else { return nil }
        if parts.count == 1 {
            self.init(status: status)
        } else if let count = Int(parts[1]), count > 0 {
            self.init(status: status, count: count)
        } else {
            return nil
        }
    }
}
