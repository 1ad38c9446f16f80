import Platform
import TokenStore

/// For how long a failure is remembered, and with it when another request makes sense.
enum FailureRules {
    /// A longer wait between two tries is reported rather than sat out, unless the server named it.
    static let patience: Milliseconds = 2000

    /// How long every process gives the same answer after the `count`th failure of this kind in a row; `nil` when
    /// it is not remembered.
    static func window(_ error: HelperError, count: Int) -> Milliseconds? {
        switch error.code {
        case .temporaryFailure:
            let backoff = min(Milliseconds(200) << min(count - 1, 9), 60_000)
            // Callers that failed together do not come back together.
            let wait = backoff + Milliseconds.random(in: 0...backoff / 4)
            // A server that names no wait at all has not asked for a flood.
            return max(wait, stated(error))
        case .credentialsRejected, .config:
            let minutes = [1, 2, 4, 8, 15]
            return Milliseconds(minutes[min(count, minutes.count) - 1]) * 60_000
        case .providerError: return 10_000
        case .usage, .badRequest, .noProfile, .ioError, .tlsError: return nil
        }
    }

    /// A failure that has been over for longer starts no row with the next one: a laptop that was offline at night
    /// is not to be slow in the morning.
    static let recollection: Milliseconds = 900_000

    /// Whether waiting `duration` for the next try is better than giving up now.
    static func isWorthWaiting(_ duration: Milliseconds, for error: HelperError, _ deadline: Deadline) -> Bool
    {
        duration < deadline.remaining && duration <= max(patience, stated(error))
    }

    /// The wait that the server named.
    private static func stated(_ error: HelperError) -> Milliseconds {
        Milliseconds(error.retryAfter ?? 0) * 1000
    }

    /// How many tokens a server may refuse within ``youth`` of their issue, in one ``period``, before it is taken
    /// to refuse any token.
    static let refusals = 3
    static let youth: Milliseconds = 10_000
    static let period: Milliseconds = 60_000
}
