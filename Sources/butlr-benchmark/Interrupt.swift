import Sandbox
import Synchronization

/// Ctrl-C ends the benchmark between two calls, so that it can clean up behind itself.
enum Interrupt {
    private static let hasCome = Atomic(false)

    static func watch() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in Interrupt.hasCome.store(true, ordering: .relaxed) }
        }
    }

    static func check() throws {
        if hasCome.load(ordering: .relaxed) { throw Trouble("interrupted") }
    }

    static var isOver: Bool { hasCome.load(ordering: .relaxed) }
}
