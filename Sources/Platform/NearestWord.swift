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

private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (i, l) in left.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, r) in right.enumerated() {
            let above = row[j + 1]
            row[j + 1] = l == r ? diagonal : 1 + min(diagonal, above, row[j])
            diagonal = above
        }
    }
    return row[right.count]
}
