/// A bar for each call, as SVG, for a light page and a dark one.
struct Chart {
    let timings: [Timing]

    /// Those beyond this many times the quickest would leave no room for the others: their bars are broken.
    private static let widest = 2.5

    var svg: String {
        let medians = timings.map(\.sample.median)
        let limit = min(medians.max() ?? 1, (medians.min() ?? 1) * Chart.widest)
        let (left, bar, gap) = (290, 18, 10)
        let width = 760
        let room = Double(width - left - 80)
        let height = timings.count * (bar + gap) + 44
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" role="img" \
            aria-label="Median time of an answer from the store, in milliseconds">
            <style>
            text { font: 13px system-ui, sans-serif; fill: #1f2328 }
            .title { font-weight: 600 }
            .other { fill: #8c959f }
            .own { fill: #1a7f64 }
            @media (prefers-color-scheme: dark) {
            text { fill: #e6edf3 }
            .other { fill: #6e7681 }
            .own { fill: #3fb68b }
            }
            </style>
            <text class="title" x="0" y="18">Median time of an answer from the store, in ms (shorter is better)</text>

            """
        for (row, timing) in timings.enumerated() {
            let top = 34 + row * (bar + gap)
            let value = timing.sample.median
            let length = Int(room * min(value, limit) / limit)
            // The whole of a bar, or the two sides of the break in it.
            let parts =
                value > limit
                ? [(left, length - 30), (left + length - 22, 22)] : [(left, length)]
            text += """
                <text x="\(left - 8)" y="\(top + 14)" text-anchor="end">\(escaped(timing.name))</text>

                """
            for (start, length) in parts {
                text += """
                    <rect class="\(timing.isOwn ? "own" : "other")" x="\(start)" y="\(top)" width="\(length)" \
                    height="\(bar)" rx="2"/>

                    """
            }
            text += """
                <text x="\(left + length + 6)" y="\(top + 14)">\(fixed(value, 2))</text>

                """
        }
        return text + "</svg>\n"
    }

    private func escaped(_ text: String) -> String {
        text.map { ["&": "&amp;", "<": "&lt;", ">": "&gt;"][$0] ?? String($0) }.joined()
    }
}
