/// A thread for a call that may block for longer than this process has time.
///
/// All signals are blocked on it: they are the main thread's to handle.
public struct Thread: @unchecked Sendable {
    private let handle: pthread_t

    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    /// - Returns: `nil` where the system has no room for another thread.
    public init?(_ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(Body(run))
        #if canImport(Darwin)
            var handle: pthread_t?
            let failure = pthread_create(
                &handle, nil,
                {
                    Thread.main($0)
                    return nil
                }, body.toOpaque())
            let started = handle
        #else
            var handle = pthread_t()
            let failure = pthread_create(
                &handle, nil,
                {
                    Thread.main($0!)
                    return nil
                }, body.toOpaque())
            let started: pthread_t? = handle
        #endif
        guard failure == 0, let started else {
            body.release()
            return nil
        }
        self.handle = started
    }

    private static func main(_ body: UnsafeMutableRawPointer) {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
        Unmanaged<Body>.fromOpaque(body).takeRetainedValue().run()
    }

    /// Waits until it has ended. Each thread is either joined or detached, once.
    public func join() { pthread_join(handle, nil) }

    /// Lets it end by itself, or with the process.
    public func detach() { pthread_detach(handle) }
}
