import Sandbox

/// What the command line asks for.
struct Settings {
    /// How often each call is made.
    var runs = 200
    /// For how many seconds callers ask for a token that is renewed ahead.
    var renewalSeconds = 90
    /// Where the picture goes.
    var picture: String?
    var measuresBuild = false

    static let help = """
        usage: butlr-benchmark [OPTION]...

        Measures what butlr-credential beside this program costs, next to the other helpers
        found on this machine, and prints Markdown. Nothing leaves this machine: tokens come
        from a sandbox in this process, and home is a temporary folder.

          --runs N      make each call N times (default: 200)
          --renew S     call for S seconds while tokens are renewed ahead (default: 90; 0: not)
          --svg FILE    also draw the answers from the store
          --build       also time a clean release build of the package in this folder

        """

    /// - Throws: what is wrong with the command line.
    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let option = rest.popFirst() {
            switch option {
            case "--runs": runs = try Settings.number(of: option, &rest, 5...100_000)
            case "--renew": renewalSeconds = try Settings.number(of: option, &rest, 0...86_400)
            case "--svg":
                guard let file = rest.popFirst() else { throw UsageError("--svg needs a file") }
                picture = file
            case "--build": measuresBuild = true
            default: throw UsageError("unknown option \(option)")
            }
        }
    }

    private static func number(
        of option: String, _ rest: inout ArraySlice<String>, _ range: ClosedRange<Int>
    ) throws(UsageError) -> Int {
        guard let number = rest.popFirst().flatMap(Int.init), range.contains(number) else {
            throw UsageError("\(option) needs a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
