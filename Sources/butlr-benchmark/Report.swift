/// The results as Markdown.
struct Report {
    let timings: [Timing]
    let base: Timing?
    let figures: [Figure]
    let missing: [(name: String, reason: String)]

    var markdown: String {
        var text =
            "| answer from the store | median ms | 99th percentile | ÷ git-credential-store | meant to be |\n"
        text += "| --- | ---: | ---: | ---: | ---: |\n"
        for timing in timings {
            let times = base.map { ratio(timing.sample.median, $0.sample.median) } ?? ""
            text +=
                "| `\(timing.name)` | \(fixed(timing.sample.median, 2)) | \(fixed(timing.sample.percentile(99), 2))"
                + " | \(times) | \(timing.mark.isEmpty ? "" : "≤ " + timing.mark) |\n"
        }
        text += "\n| figure | measured | meant to be |\n| --- | ---: | ---: |\n"
        for figure in figures {
            text +=
                "| \(figure.name) | \(figure.value) | \(figure.mark.isEmpty ? "" : "≤ " + figure.mark) |\n"
        }
        if !missing.isEmpty {
            let list = missing.map { "\($0.name) (\($0.reason))" }.joined(separator: ", ")
            text += "\nNot measured: \(list).\n"
        }
        return text
    }
}
