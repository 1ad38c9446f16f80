/// What the report is to be about, as the command line says it.
struct Arguments {
    /// Whether a few minutes must do: some of the points, brief storms.
    var isShort = false
    /// Which points the short form tries, and when a storm strikes.
    var seed: UInt64 = 1
    /// The parts to run: all of them, unless some are named. A part's name may have a single point behind it,
    /// `refresh/renameat/2/KILL`.
    var only: [String] = []
    /// Where the report goes besides standard output.
    var report: String?

    static let help = """
        usage: swift run butlr-faults [--short] [--seed N] [--only PART]... [--report FILE]

        Breaks every system call that the helper makes, kills and stops it among hundreds
        of its kind, and reports what became of its tokens. It needs strace, and root for
        the network namespaces.

          --short        try some of the points, and storm for seconds (about 3 minutes)
          --seed N       choose others than usual (default: 1)
          --only PART    one part: \(parts.map(\.name).joined(separator: ", "));
                         or one point of it, as a failure names it
          --report FILE  write the report into a file too

        The report is Markdown. The status is 0 where all survived, 1 where something did
        not, 2 where the report cannot be made.
        """

    struct Wrong: Error {
        let description: String
    }

    init(_ arguments: some Sequence<String>) throws {
        var remaining = arguments.makeIterator()
        while let argument = remaining.next() {
            func value() throws -> String {
                guard let value = remaining.next() else {
                    throw Wrong(description: "\(argument) needs a value")
                }
                return value
            }
            switch argument {
            case "--short": isShort = true
            case "--seed":
                guard let number = UInt64(try value()) else {
                    throw Wrong(description: "--seed needs a number")
                }
                seed = number
            case "--only":
                let name = try value()
                guard parts.contains(where: { $0.name == name.prefix { $0 != "/" } }) else {
                    throw Wrong(description: "there is no part \(name)")
                }
                only.append(name)
            case "--report": report = try value()
            default: throw Wrong(description: "unexpected argument \(argument)")
            }
        }
    }

    /// Whether a part is wanted.
    func wants(_ part: String) -> Bool { only.isEmpty || only.contains { $0.prefix { $0 != "/" } == part } }

    /// The single points of a part that are wanted; none where all are.
    func points(of part: String) -> [Substring] {
        only.filter { $0.hasPrefix(part + "/") }.map { $0.dropFirst(part.utf8.count + 1) }
    }
}

/// Numbers that come in the same order whenever the seed is the same (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
