/// A password, client secret or token.
///
/// Printing, interpolating, dumping or mirroring it gives `<redacted>`; only ``reveal()`` gives the text,
/// so every place where a secret leaves the program can be found by that word.
public struct Secret: Sendable, Hashable {
    private let text: String

    public init(_ text: String) { self.text = text }

    /// The text itself, for the one request or answer that needs it.
    public func reveal() -> String { text }

    public var isEmpty: Bool { text.isEmpty }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var debugDescription: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
