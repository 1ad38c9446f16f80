#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A JSON value to be written (RFC 8259). Members keep their order, so that people can read it.
enum JSONText: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral, CustomStringConvertible
{
    case null
    case number(Int)
    case string(String)
    case array([JSONText])
    case object([Member])

    struct Member {
        var name: String
        var value: JSONText

        init(_ name: String, _ value: JSONText) {
            self.name = name
            self.value = value
        }
    }

    init(stringLiteral value: String) { self = .string(value) }
    init(integerLiteral value: Int) { self = .number(value) }
    init(arrayLiteral elements: JSONText...) { self = .array(elements) }
    init(dictionaryLiteral elements: (String, JSONText)...) {
        self = .object(elements.map { Member($0, $1) })
    }

    var description: String {
        switch self {
        case .null: "null"
        case .number(let number): String(number)
        case .string(let text): quoted(text)
        case .array(let elements): "[" + elements.map(\.description).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { "\(quoted($0.name)):\($0.value)" }.joined(separator: ",") + "}"
        }
    }
}

private func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\":
            quoted += "\\"
            quoted.unicodeScalars.append(scalar)
        case "\u{0}"..."\u{1F}":
            quoted += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        default: quoted.unicodeScalars.append(scalar)
        }
    }
    return quoted + "\""
}

/// A member of a JSON object that was sent to the sandbox, where everything of interest is text.
private enum ReceivedMember: Decodable {
    case text(String)
    case other

    init(from decoder: any Decoder) throws {
        let text = try? decoder.singleValueContainer().decode(String.self)
        self = text.map(Self.text) ?? .other
    }
}

/// The members of a JSON object whose values are all strings.
func stringMembers(of body: [UInt8]) throws(OAuthError) -> [String: String] {
    guard let members = try? JSONDecoder().decode([String: ReceivedMember].self, from: Data(body)) else {
        throw .invalidRequest("The content is not a JSON object.")
    }
    var strings: [String: String] = [:]
    for (name, member) in members {
        guard case .text(let text) = member else {
            throw .invalidRequest("The member \"\(name)\" is not a string.")
        }
        strings[name] = text
    }
    return strings
}
