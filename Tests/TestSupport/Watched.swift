import Synchronization

/// A value that threads change and tasks wait for.
final class Watched<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var changes = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(_ value: Value) { state = Mutex(State(value: value)) }

    var value: Value { state.withLock { $0.value } }

    /// Changes the value and lets everyone who waits look again.
    @discardableResult
    func change<Result: Sendable>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        let (result, waiting) = try state.withLock { state in
            let result = try body(&state.value)
            state.changes += 1
            defer { state.waiting = [] }
            return (result, state.waiting)
        }
        for continuation in waiting { continuation.resume() }
        return result
    }

    /// Waits until `ready` gives something.
    ///
    /// - Returns: that, or `nil` when `limit` is over first.
    func wait<Result: Sendable>(
        limit: Duration? = nil, for ready: (inout Value) -> Result?
    ) async -> Result? {
        let deadline = limit.map { ContinuousClock.now + $0 }
        let alarm = deadline.map { deadline in
            Task {
                try? await Task.sleep(until: deadline)
                change { _ in }
            }
        }
        defer { alarm?.cancel() }
        while true {
            let (result, seen) = state.withLock { (ready(&$0.value), $0.changes) }
            if let result { return result }
            if let deadline, deadline <= .now { return nil }
            await withCheckedContinuation { continuation in
                let isLate = state.withLock { state in
                    if state.changes == seen { state.waiting.append(continuation) }
                    return state.changes != seen
                }
                if isLate { continuation.resume() }
            }
        }
    }
}
