/// Milliseconds since 1970-01-01T00:00:00Z on the system's clock.
func currentMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}

/// Milliseconds on a clock that no one can set back.
func monotonicMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}

/// The preferred form of HTTP dates, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
func httpDate(milliseconds: Int64) -> String {
    formatted(milliseconds / 1000, "%a, %d %b %Y %H:%M:%S GMT")
}

/// RFC 3339 in UTC with three digits of a second's fraction.
func rfc3339(milliseconds: Int64) -> String {
    let fraction = String(1000 + milliseconds % 1000).dropFirst()
    return formatted(milliseconds / 1000, "%Y-%m-%dT%H:%M:%S.") + fraction + "Z"
}

/// `strftime` in UTC. Names of days and months are English as long as the process leaves its locale "C".
private func formatted(_ seconds: Int64, _ format: String) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    return String(
        unsafeUninitializedCapacity: 64,
        initializingUTF8With: { buffer in
            buffer.withMemoryRebound(to: CChar.self) { strftime($0.baseAddress!, $0.count, format, &parts) }
        })
}
