import Platform

/// Something that is kept in a file of its own for one identity.
protocol Record {
    var json: [JSON.Member] { get }
    init?(_ json: JSON)
}

extension Record {
    private static var version: Int { 1 }

    /// The file's contents: the format's version and the identity come before the rest.
    func contents(for identity: String) -> [UInt8] {
        let header: [JSON.Member] = [.init("version", 1), .init("identity", .string(identity))]
        return Array((JSON.object(header + json).serialized + "\n").utf8)
    }

    /// `nil` for anything that is not whole, of this version and of this identity: it is as if it were not there,
    /// and the next write heals it.
    init?(contents: [UInt8], for identity: String) {
        guard let json = try? JSON(parsing: contents), json["version"]?.integer == Int64(Self.version),
            json["identity"]?.string == identity
        else { return nil }
        self.init(json)
    }
}

extension JSON {
    init(_ timestamp: Timestamp) { self = .number(Double(timestamp.milliseconds)) }

    var timestamp: Timestamp? { integer.map(Timestamp.init(milliseconds:)) }
}
