import Platform

/// Something that is done to the helper.
protocol Part: Sendable {
    /// As `--only` takes it.
    var name: String { get }
    /// - Throws: ``Impossible`` where it cannot be done on this machine.
    func run(_ arguments: Arguments) async throws -> Section
}

/// All parts, in their order.
let parts: [any Part] = FaultInjection.all + Storm.all + [BlockedLocks()]

/// A part cannot be tried here.
struct Impossible: Error {
    let reason: String
}

/// What came of a part.
struct Section {
    /// Something that did not survive.
    struct Failure {
        /// What `--only` takes to see it again.
        let point: String
        let what: String
    }

    let title: String
    var text = ""
    var tried = 0
    var survived = 0
    var failures: [Failure] = []

    init(title: String) { self.title = title }
}

/// What came of everything, as Markdown.
struct Report {
    private(set) var text: String
    private(set) var hasFailures = false

    /// Runs the parts that are wanted, and says on standard error which is at work.
    init(_ arguments: Arguments) async throws {
        var sections: [Section] = []
        let command = "swift run butlr-faults" + (arguments.seed == 1 ? "" : " --seed \(arguments.seed)")
        for part in parts where arguments.wants(part.name) {
            writeToStandardError("\(part.name) ...\n")
            do {
                sections.append(try await part.run(arguments))
            } catch let error as Impossible {
                var section = Section(title: part.name)
                section.text = "Not tried: \(error.reason).\n"
                sections.append(section)
            }
        }
        text = "# Fault report\n\n| part | tried | survived |\n| --- | ---: | ---: |\n"
        for section in sections { text += "| \(section.title) | \(section.tried) | \(section.survived) |\n" }
        for section in sections {
            text += "\n## \(section.title)\n\n\(section.text)"
            for failure in section.failures {
                hasFailures = true
                let what = failure.what.split(separator: "\n").joined(separator: "\n    ")
                text += "\n- `\(command) --only \(failure.point)`: \(what)\n"
            }
        }
    }
}
