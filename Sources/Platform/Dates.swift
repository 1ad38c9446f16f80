extension Timestamp {
    /// RFC 3339 in UTC without a fraction, which Bazel 7 does not read; rounded down. The format's years end at
    /// 9999, and what is later is that year's last second; what is before 1970 is its first.
    public var rfc3339: String {
        let (days, second) = floorDivided(min(max(seconds, 0), 253_402_300_799), 86_400)
        let (year, month, day) = civil(fromDays: days)
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
            + "T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))Z"
    }

    /// Reads an HTTP date in its one preferred form, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), from
    /// 1970 on. The day of the week is not compared.
    public init?(httpDate text: String) {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT",
            let day = number(words[1], 1...31),
            let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
                .firstIndex(of: String(words[2])),
            let year = number(words[3], 1970...9999)
        else { return nil }
        let time = words[4].split(separator: ":", omittingEmptySubsequences: false)
        guard time.count == 3, let hour = number(time[0], 0...23), let minute = number(time[1], 0...59),
            let second = number(time[2], 0...60)
        else { return nil }
        let date = days(fromCivil: year, Int64(month) + 1, day)
        // The 30th of February would be read as a day of March.
        guard civil(fromDays: date).day == day else { return nil }
        self.init(seconds: date * 86_400 + hour * 3600 + minute * 60 + second)
    }
}

private func number(_ text: Substring, _ range: ClosedRange<Int64>) -> Int64? {
    guard text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int64(text), range.contains(value)
    else { return nil }
    return value
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

// The proleptic Gregorian calendar, counted in eras of 400 years that begin in March, so that the leap day is
// the last day of its year.

private func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = floorDivided(days + 719_468, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
}

private func days(fromCivil year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let (era, yearOfEra) = floorDivided(month <= 2 ? year - 1 : year, 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}
