/// A gate that threads wait at until a test opens it: to hold a server's answer back until something else has
/// happened.
///
///     let gate = try Gate()
///     let server = try ScriptedServer { _, _ in
///         gate.wait()
///         return .json(#"{"access_token":"a","token_type":"Bearer"}"#)
///     }
public final class Gate: Sendable {
    private let reading: Descriptor
    private let writing: Descriptor

    public init() throws {
        let pipe = try Descriptor.pipe()
        reading = pipe.reading
        writing = pipe.writing
    }

    /// Lets everyone pass, now and later.
    public func open() { writing.close() }

    /// Blocks the calling thread until the gate is open, at most for a minute. For a server's handler, not for
    /// a task.
    public func wait() {
        let deadline = ContinuousClock.now + .seconds(60)
        while deadline > .now {
            var entry = pollfd(fd: reading.raw, events: Int16(POLLIN), revents: 0)
            if poll(&entry, 1, pollTimeout(until: deadline)) > 0 { return }
        }
    }
}
