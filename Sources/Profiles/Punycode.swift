/// A label of a host name as Punycode (RFC 3492), without the prefix `xn--`.
///
/// - Returns: `nil` when the numbers overflow, which no label of a valid length makes them do.
func punycode(_ label: some Sequence<Unicode.Scalar>) -> String? {
    let base: UInt32 = 36
    let label = label.map(\.value)
    var output = label.filter { $0 < 0x80 }.map { UInt8($0) }
    let basicCount = UInt32(output.count)
    if basicCount > 0 { output.append(UInt8(ascii: "-")) }

    var next: UInt32 = 0x80
    var delta: UInt32 = 0
    var bias: UInt32 = 72
    var handled = basicCount
    while handled < label.count {
        // The loop runs while there is a scalar left that has not been handled.
        guard let smallest = label.lazy.filter({ $0 >= next }).min() else { return nil }
        let (step, overflows) = (smallest - next).multipliedReportingOverflow(by: handled + 1)
        let (sum, sumOverflows) = delta.addingReportingOverflow(step)
        if overflows || sumOverflows { return nil }
        delta = sum
        next = smallest
        for scalar in label {
            if scalar < next { delta += 1 }
            guard scalar == next else { continue }
            var rest = delta
            var position = base
            while true {
                let threshold = position <= bias ? 1 : min(position - bias, 26)
                if rest < threshold { break }
                output.append(digit(threshold + (rest - threshold) % (base - threshold)))
                rest = (rest - threshold) / (base - threshold)
                position += base
            }
            output.append(digit(rest))
            bias = adapted(delta, count: handled + 1, isFirst: handled == basicCount)
            delta = 0
            handled += 1
        }
        delta += 1
        next += 1
    }
    return String(decoding: output, as: UTF8.self)
}

/// RFC 3492 §6.1.
private func adapted(_ delta: UInt32, count: UInt32, isFirst: Bool) -> UInt32 {
    var delta = isFirst ? delta / 700 : delta / 2
    delta += delta / count
    var divisions: UInt32 = 0
    while delta > 455 {
        delta /= 35
        divisions += 36
    }
    return divisions + 36 * delta / (delta + 38)
}

private func digit(_ value: UInt32) -> UInt8 {
    UInt8(value < 26 ? value + 97 : value + 22)
}
