/// A moment on the wall clock, in milliseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Comparable, Hashable, Sendable {
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
    /// A moment in seconds; one too far away to be counted in milliseconds is as far as can be.
    public init(seconds: Int64) {
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        self.milliseconds = overflow ? (seconds < 0 ? .min : .max) : milliseconds
    }

    /// Whole seconds, rounded down, so that an expiry never looks later than it is.
    public var seconds: Int64 { floorDivided(milliseconds, 1000).quotient }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }
    // Providers and damaged files name moments of any size, so these stop at the ends instead of trapping.

    public static func + (moment: Timestamp, duration: Milliseconds) -> Timestamp {
        let (sum, overflow) = moment.milliseconds.addingReportingOverflow(duration)
        return Timestamp(milliseconds: overflow ? (duration < 0 ? .min : .max) : sum)
    }
    public static func - (moment: Timestamp, duration: Milliseconds) -> Timestamp {
        Timestamp(milliseconds: moment - Timestamp(milliseconds: duration))
    }
    public static func - (left: Timestamp, right: Timestamp) -> Milliseconds {
        let (difference, overflow) = left.milliseconds.subtractingReportingOverflow(right.milliseconds)
        return overflow ? (left < right ? .min : .max) : difference
    }
}

/// Division that rounds down, also below zero.
func floorDivided(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

/// A length of time in milliseconds.
public typealias Milliseconds = Int64

/// Tells the time. A value, so that tests can set it.
public struct Clock: Sendable {
    public let now: @Sendable () -> Timestamp

    public init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    /// The system's wall clock.
    public static let system = Clock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// The moment until which an answer must be given, on a clock that no one can set back.
public struct Deadline: Sendable {
    private let end: Milliseconds

    /// A deadline `duration` from now.
    public init(in duration: Milliseconds) { end = Deadline.monotonic() + duration }

    private init(end: Milliseconds) { self.end = end }

    /// Milliseconds left; zero when it has passed.
    public var remaining: Milliseconds { max(0, end - Deadline.monotonic()) }
    public var hasPassed: Bool { remaining == 0 }

    /// This deadline or `duration` from now, whichever comes first.
    public func limited(to duration: Milliseconds) -> Deadline {
        Deadline(end: min(end, Deadline.monotonic() + duration))
    }

    /// This deadline, moved by `duration`.
    public func extended(by duration: Milliseconds) -> Deadline { Deadline(end: end + duration) }

    /// Sleeps for `duration`, at most until the deadline.
    public func sleep(_ duration: Milliseconds) {
        let pause = min(duration, remaining)
        if pause > 0 { usleep(UInt32(min(pause, 3_600_000)) * 1000) }
    }

    private static func monotonic() -> Milliseconds {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// Reads a duration as people write it: `90`, `90s`, `5m` or `2h`.
///
/// - Returns: whole seconds from 0 to 31,536,000 (a year), or `nil` for anything else.
public func parseDuration(_ text: String) -> Int64? {
    var digits = Substring(text)
    var unit: Int64 = 1
    switch digits.last {
    case "s": digits.removeLast()
    case "m":
        unit = 60
        digits.removeLast()
    case "h":
        unit = 3600
        digits.removeLast()
    default: break
    }
    guard !digits.isEmpty, digits.utf8.count <= 9, digits.utf8.allSatisfy({ (48...57).contains($0) }),
        let count = Int64(digits), count * unit <= 31_536_000
    else { return nil }
    return count * unit
}
