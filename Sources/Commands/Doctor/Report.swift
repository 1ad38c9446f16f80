import Platform

/// What `doctor` prints.
struct Report {
    let stages: [Stage]
    let version: String
    let home: Home

    /// How wide the text is, apart from commands, which stay in one piece.
    let layout: TextLayout

    /// 0 where nothing has failed; otherwise the status that belongs to the first failure.
    var status: Int32 { findings.first { $0.status == .fail }?.code?.exitStatus ?? 0 }

    private var findings: [Finding] { stages.flatMap(\.findings) }

    private func count(_ status: Finding.Status) -> Int { findings.count { $0.status == status } }

    // MARK: For people

    var text: String {
        var text = "butlr-credential \(version), \(Report.system)\n"
        for stage in stages where !stage.findings.isEmpty {
            text += "\n\(stage.name)\n"
            for finding in stage.findings { text += lines(finding) }
        }
        let (failed, warned) = (count(.fail), count(.warn))
        text += "\n" + (failed == 0 ? "Nothing has failed" : "\(failed) failed")
        text += warned == 0 ? ".\n" : ", \(warned) warned.\n"
        return text
    }

    private func lines(_ finding: Finding) -> String {
        let margin = "  " + finding.status.rawValue + blanks(6 - finding.status.rawValue.utf8.count)
        let indent = columns(margin)
        var text =
            margin + layout.paragraph(home.abbreviating(finding.text), indent: indent).dropFirst(indent)
        // A command is to be copied, so it is not wrapped.
        if let mend = finding.mend { text += blanks(indent) + "$ " + home.abbreviating(mend) + "\n" }
        return text
    }

    // MARK: For programs

    var json: JSON {
        [
            "version": 1,
            "program": "butlr-credential",
            "program_version": .string(version),
            "system": .string(Report.system),
            "status": .string(count(.fail) > 0 ? "fail" : count(.warn) > 0 ? "warn" : "ok"),
            "exit_status": .number(Double(status)),
            "stages": .array(stages.map(json)),
        ]
    }

    private func json(_ stage: Stage) -> JSON {
        ["name": .string(stage.name), "checks": .array(stage.findings.map(json))]
    }

    private func json(_ finding: Finding) -> JSON {
        [
            "status": .string(finding.status.rawValue),
            "code": finding.code.map { .string($0.rawValue) } ?? .null,
            "text": .string(home.abbreviating(finding.text)),
            "mend": finding.mend.map { .string(home.abbreviating($0)) } ?? .null,
        ]
    }

    /// The system and the processor.
    private static var system: String {
        var name = utsname()
        guard uname(&name) == 0 else { return "unknown system" }
        func text<Characters>(_ array: Characters) -> String {
            withUnsafeBytes(of: array) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }
        return "\(text(name.sysname)) \(text(name.release)) \(text(name.machine))"
    }
}
