/// Durations of one call, in milliseconds.
struct Sample {
    private let sorted: [Double]

    /// - Parameter values: at least one.
    init(_ values: [Double]) { sorted = values.sorted() }

    var median: Double { percentile(50) }

    /// The smallest value that `percent` of all do not exceed (the nearest rank).
    func percentile(_ percent: Double) -> Double {
        let rank = (percent / 100 * Double(sorted.count)).rounded(.up)
        return sorted[min(max(Int(rank), 1), sorted.count) - 1]
    }

}

/// A number with so many digits behind the point.
func fixed(_ value: Double, _ digits: Int) -> String {
    var unit = 1.0
    for _ in 0..<digits { unit *= 10 }
    let scaled = Int((value * unit).rounded())
    if digits == 0 { return String(scaled) }
    let fraction = String(abs(scaled) % Int(unit))
    let zeros = String(repeating: "0", count: digits - fraction.count)
    return "\(scaled < 0 ? "-" : "")\(abs(scaled) / Int(unit)).\(zeros)\(fraction)"
}
