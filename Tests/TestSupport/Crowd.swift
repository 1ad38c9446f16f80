/// Keeps the children of hundreds of tests, which the runner starts all at once, from starving each other until every
/// one of them misses its deadline.
actor Crowd {
    static let ofChildren = Crowd(limit: 12)

    private let limit: Int
    private var size = 0

    init(limit: Int) { self.limit = limit }

    /// Waits for room, but not for ever: whoever is inside may be waiting for one who is not.
    func enter() async {
        let end = ContinuousClock.now + .seconds(10)
        while size >= limit, ContinuousClock.now < end {
            try? await Task.sleep(for: .milliseconds(Int.random(in: 20...100)))
            if Task.isCancelled { break }
        }
        size += 1
    }

    func leave() { size -= 1 }
}
