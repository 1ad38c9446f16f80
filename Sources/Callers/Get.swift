import Broker
import Platform

/// `get`: the native JSON protocol. Bazel and whatever else speaks EngFlow's credential-helper-spec call it as it
/// is.
public enum Get: Command {
    public static let name = "get"

    public static let manual = Manual(
        summary: "answer a JSON request on standard input (the native protocol; Bazel)",
        input: "nothing or one JSON object, such as {\"uri\":\"https://api.butlr.io/\"}")

    /// Bazel gives up after 10 s.
    public static let timeout: Milliseconds = 8000

    public static func answer(_ call: Call) throws(HelperError) -> Reply {
        try call.input.refuseTerminal(Self.self)
        guard call.arguments.isEmpty else {
            throw HelperError(.usage, "get takes no arguments, but got \"\(quoted(call.arguments[0]))\"")
        }
        let credential = try call.broker.credential(for: try request(try call.input.readObject()))
        return Reply(output: credential.json.serialized + "\n")
    }

    public static func refusal(_ error: HelperError, _ call: Call) -> Reply {
        var reply = Reply(failure: error)
        reply.output = error.json.serialized + "\n"
        return reply
    }

    static func request(_ object: JSON?) throws(HelperError) -> CredentialRequest {
        var request = CredentialRequest()
        request.timeout = timeout
        guard let object else { return request }
        if let url = try text("uri", in: object) { request.url = try requestedURL(url) }
        request.profile = try text("profile", in: object)
        request.rejection = try text("rejected_token", in: object).map { .token(Secret($0)) }
        if let value = object["min_ttl"] {
            guard let seconds = value.integer, (0...31_536_000).contains(seconds) else {
                throw HelperError(.badRequest, "min_ttl is not a number of seconds from 0 to 31536000")
            }
            request.minTTL = seconds
        }
        return request
    }

    private static func text(_ name: String, in object: JSON) throws(HelperError) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.string else { throw HelperError(.badRequest, "\(name) is not a string") }
        return text
    }
}
