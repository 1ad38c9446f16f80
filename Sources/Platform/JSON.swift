/// A JSON value (RFC 8259). Members keep their order, so that what is written reads as it was built.
public enum JSON: Equatable, Sendable {
    public struct Member: Equatable, Sendable {
        public var name: String
        public var value: JSON

        public init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([Member])
}

extension JSON {
    /// The member of that name, if this is an object that has one; a `null` counts as absent.
    public subscript(name: String) -> JSON? {
        guard case .object(let members) = self,
            let member = members.first(where: { $0.name == name }), member.value != .null
        else { return nil }
        return member.value
    }

    public var isObject: Bool { if case .object = self { true } else { false } }

    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }

    /// The number, if this is one that is whole and below 2⁵³ in size: above, numbers are no longer exact
    /// (RFC 8259 §6).
    public var integer: Int64? {
        guard case .number(let value) = self, abs(value) < 0x1p53 else { return nil }
        return Int64(exactly: value)
    }

    /// An object of those members whose value is there.
    public static func object(present members: KeyValuePairs<String, JSON?>) -> JSON {
        .object(members.compactMap { name, value in value.map { Member(name, $0) } })
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int) { self = .number(Double(value)) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member($0, $1) })
    }
}
