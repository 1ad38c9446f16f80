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

extension [UInt8] {
    /// Overwrites bytes that were a secret, or held one, before their memory is given back.
    ///
    /// Only this array's own: a text that was made of them is a copy, and Swift's texts cannot be overwritten.
    public mutating func wipe() {
        withUnsafeMutableBytes { overwrite($0) }
    }
}

/// Overwrites memory that held a secret, also where the compiler sees that nobody reads it any more.
public func overwrite(_ memory: UnsafeMutableRawBufferPointer) {
    guard let start = memory.baseAddress else { return }
    #if canImport(Darwin)
        _ = memset_s(start, memory.count, 0, memory.count)
    #else
        explicit_bzero(start, memory.count)
    #endif
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var debugDescription: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
