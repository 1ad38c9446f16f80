/// A thread of its own for calls that block, which would starve Swift's cooperative pool.
///
/// All signals are blocked on it: writing to a pipe or socket that nobody reads is then an error to handle
/// instead of the end of the test process.
struct Thread: @unchecked Sendable {
    private let handle: pthread_t

    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    init(_ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(Body(run)).toOpaque()
        #if canImport(Darwin)
            var handle: pthread_t?
            let failure = pthread_create(
                &handle, nil,
                {
                    Thread.main($0)
                    return nil
                }, body)
            precondition(failure == 0, "cannot start a thread")
            self.handle = handle!
        #else
            var handle = pthread_t()
            let failure = pthread_create(
                &handle, nil,
                {
                    Thread.main($0!)
                    return nil
                }, body)
            precondition(failure == 0, "cannot start a thread")
            self.handle = handle
        #endif
    }

    private static func main(_ body: UnsafeMutableRawPointer) {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run()
    }

    /// Waits until it has ended. Each thread is either joined or detached, once.
    func join() { pthread_join(handle, nil) }

    /// Lets it end by itself.
    func detach() { pthread_detach(handle) }
}

/// Runs a blocking call on a thread of its own and awaits its result.
public func onOwnThread<Result: Sendable>(
    _ call: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Swift.Result { try call() }) }.detach()
    }
}
