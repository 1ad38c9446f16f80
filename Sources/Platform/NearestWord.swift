/// The known word that `word` was probably meant to be, for an error that says so.
///
/// - Returns: the nearest of `known` by edit distance, if it is near enough to be a slip of the fingers.
public func nearestWord(to word: String, among known: [String]) -> String? {
    let limit = max(1, min(3, word.utf8.count / 3))
    let lowered = Array(word.lowercased().utf8)
    var best: (word: String, distance: Int)?
    for candidate in known {
        let distance = editDistance(lowered, Array(candidate.utf8))
        if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.word
}

/// How many letters must be changed, added, dropped or swapped with their neighbour.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var above: [Int] = []
    var row = Array(0...right.count)
    for (i, l) in left.enumerated() {
        var next = [i + 1]
        for (j, r) in right.enumerated() {
            var distance = l == r ? row[j] : 1 + min(row[j], row[j + 1], next[j])
            if i > 0, j > 0, l == right[j - 1], left[i - 1] == r {
                distance = min(distance, above[j - 1] + 1)
            }
            next.append(distance)
        }
        (above, row) = (row, next)
    }
    return row[right.count]
}
