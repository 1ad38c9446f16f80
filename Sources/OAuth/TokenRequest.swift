import HTTP
import Platform

/// A request to a token endpoint, before it is encoded.
public struct TokenRequest: Sendable {
    public enum Format: Sendable {
        /// `application/x-www-form-urlencoded` (RFC 6749 §3.2).
        case form
        /// A JSON object, as some vendors want it.
        case json
    }

    public struct Field: Sendable {
        public let name: String
        public let value: Secret

        public init(_ name: String, _ value: Secret) {
            self.name = name
            self.value = value
        }
    }

    public var endpoint: String
    public var format: Format
    /// The body's fields in the order in which they are sent.
    public var fields: [Field]
    /// Client id and secret for HTTP Basic (`client_secret_basic`, RFC 6749 §2.3.1).
    public var basic: (id: String, secret: Secret)?

    public init(endpoint: String, format: Format, fields: [Field], basic: (id: String, secret: Secret)? = nil)
    {
        self.endpoint = endpoint
        self.format = format
        self.fields = fields
        self.basic = basic
    }

    var httpRequest: HTTPRequest {
        var headers: [HTTPRequest.Header] = [
            .init(
                "Content-Type",
                Secret(format == .form ? "application/x-www-form-urlencoded" : "application/json")),
            .init("Accept", Secret("application/json")),
        ]
        if let basic {
            headers.append(.init("Authorization", Secret("Basic " + credentials(basic))))
        }
        return HTTPRequest(url: endpoint, headers: headers, body: Secret(body))
    }

    private func credentials(_ basic: (id: String, secret: Secret)) -> String {
        base64(Array("\(formEncoded(basic.id)):\(formEncoded(basic.secret.reveal()))".utf8))
    }

    private var body: String {
        switch format {
        case .form:
            fields.map { "\(formEncoded($0.name))=\(formEncoded($0.value.reveal()))" }.joined(separator: "&")
        case .json: jsonBody.serialized
        }
    }

    /// A field that is given several times becomes an array.
    private var jsonBody: JSON {
        var members: [JSON.Member] = []
        for field in fields {
            let value = JSON.string(field.value.reveal())
            guard let index = members.firstIndex(where: { $0.name == field.name }) else {
                members.append(.init(field.name, value))
                continue
            }
            members[index].value = .array((members[index].value.array ?? [members[index].value]) + [value])
        }
        return .object(members)
    }

    /// `text` without anything secret of this request, should a server repeat it.
    func redacting(_ text: String) -> String {
        let harmless: Set<String> = ["grant_type", "client_id", "audience", "scope", "resource"]
        var secrets = fields.filter { !harmless.contains($0.name) }.map { $0.value.reveal() }
        if let basic { secrets += [basic.secret.reveal(), credentials(basic)] }
        // As they stand in a form or in JSON, too. Shorter ones would be found everywhere in plain prose.
        let forms = secrets.flatMap { [$0, formEncoded($0), jsonEscaped($0)] }.filter { $0.utf8.count >= 4 }
        // The longest first: another may be a part of it.
        return forms.sorted { $0.utf8.count > $1.utf8.count }.reduce(text) { text, secret in
            text.parts(separatedBy: secret).joined(separator: "<redacted>")
        }
    }
}

/// A text as it stands between the quotation marks of a JSON string.
private func jsonEscaped(_ text: String) -> String {
    String(JSON.string(text).serialized.dropFirst().dropLast())
}
