import Synchronization

/// A thread of the operating system that its owner joins.
final class JoinableThread: Sendable {
    private let finished = Atomic(false)
    // Set once by `start` before anyone else sees this object.
    nonisolated(unsafe) private var handle: pthread_t?

    private init() {}

    /// Runs `body` on a new thread.
    ///
    /// - Returns: `nil` when the system has no room for another thread.
    static func start(_ body: @escaping @Sendable () -> Void) -> JoinableThread? {
        let thread = JoinableThread()
        let work = Unmanaged.passRetained(
            Work {
                body()
                thread.finished.store(true, ordering: .releasing)
            })
        #if canImport(Darwin)
            var handle: pthread_t?
        #else
            var handle = pthread_t()
        #endif
        let failure = pthread_create(&handle, nil, { JoinableThread.run($0) }, work.toOpaque())
        guard failure == 0 else {
            work.release()
            return nil
        }
        thread.handle = handle
        return thread
    }

    /// Whether the thread's work is done, so that `join` will not wait.
    var isFinished: Bool { finished.load(ordering: .acquiring) }

    /// Waits for the thread to end. To be called exactly once.
    func join() {
        if let handle { pthread_join(handle, nil) }
    }

    private static func run(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().body()
        return nil
    }

    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
}
