import Platform

/// What a tool says on standard input: not to be trusted before it is understood, and bounded in size and time.
public struct StandardInput: Sendable {
    /// The longest request: no tool comes near it.
    static let limit = 1 << 20

    private let deadline: Deadline

    public init(_ deadline: Deadline) { self.deadline = deadline }

    /// Explains a command to a person who called it without the input that it waits for.
    func refuseTerminal(_ command: any Command.Type) throws(HelperError) {
        guard isatty(STDIN_FILENO) == 1, let expected = command.manual.input else { return }
        throw HelperError(
            .usage, "\(command.name) is called by other programs; on standard input it reads \(expected)",
            hint: "for a token of your own, type: butlr-credential token")
    }

    /// Reads until the input ends, or `isComplete` says so of what has come: it is called with every piece, and told
    /// where in the whole this one begins.
    ///
    /// - Throws: `bad-request` when it is too long or takes too long.
    func read(
        until isComplete: (_ received: [UInt8], _ start: Int) throws(HelperError) -> Bool
    ) throws(HelperError) -> [UInt8] {
        var received: [UInt8] = []
        while true {
            guard waitUntilReadable(STDIN_FILENO, deadline) else {
                throw HelperError(.badRequest, "the request on standard input did not end in time")
            }
            // A tool that gives no input may have closed it altogether.
            let chunk = (try? readSome(STDIN_FILENO, atMost: 4096)) ?? []
            let start = received.count
            received.append(contentsOf: chunk)
            if received.count > StandardInput.limit {
                throw HelperError(.badRequest, "the request on standard input is longer than 1 MiB")
            }
            if chunk.isEmpty { return received }
            if try isComplete(received, start) { return received }
        }
    }

    /// Reads all there is.
    ///
    /// - Throws: `bad-request` when it is too long or takes too long.
    public func readToEnd() throws(HelperError) -> [UInt8] { try read { _, _ in false } }

    /// Reads one JSON object and waits for nothing behind it. More text that has come with it is a mistake.
    ///
    /// - Returns: `nil` when the input is empty.
    func readObject() throws(HelperError) -> JSON? {
        var object: JSON?
        let received = try read { bytes, start throws(HelperError) in
            // What does not begin as an object will not become one.
            if let first = bytes.first(where: { !isBlank($0) }), first != UInt8(ascii: "{") {
                throw notAnObject
            }
            // Only a closing brace can complete an object.
            guard bytes[start...].contains(UInt8(ascii: "}")) else { return false }
            object = try StandardInput.object(bytes)
            return object != nil
        }
        if let object { return object }
        if received.allSatisfy(isBlank) { return nil }
        guard let object = try StandardInput.object(received) else {
            throw HelperError(.badRequest, "the request on standard input ends in the middle")
        }
        return object
    }

    /// - Returns: `nil` where it does not end.
    private static func object(_ bytes: [UInt8]) throws(HelperError) -> JSON? {
        do throws(JSON.SyntaxError) {
            return try JSON(parsing: bytes)
        } catch {
            guard case .invalid(let offset, let reason) = error else { return nil }
            throw HelperError(
                .badRequest, "the request on standard input is not JSON: \(reason) at byte \(offset)")
        }
    }
}

private var notAnObject: HelperError {
    HelperError(.badRequest, "the request on standard input is not a JSON object")
}

private func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
}
