import Platform

/// Shows paths below the home folder with `~`: shorter, and without the user's name.
struct Home: Sendable {
    private let path: String?

    init(_ environment: Environment) {
        let home = environment.absolutePath("HOME")
        path = home == "/" ? nil : home
    }

    /// A text in which the home folder is `~` wherever a shell would read it so, or nobody would.
    func abbreviating(_ text: String) -> String {
        guard let home = path.map({ Array($0.utf8) }) else { return text }
        let bytes = Array(text.utf8)
        var shown: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let end = index + home.count
            let isHere =
                bytes[index...].starts(with: home)
                && (end == bytes.count || [UInt8(ascii: "/"), UInt8(ascii: " ")].contains(bytes[end]))
            // In quotes, a shell would not know what it means; and within another path it is another folder.
            if isHere, index == 0 || [UInt8(ascii: " "), UInt8(ascii: ":"), 0x0A].contains(bytes[index - 1]) {
                shown.append(UInt8(ascii: "~"))
                index = end
            } else {
                shown.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: shown, as: UTF8.self)
    }
}
