import Platform
import Testing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `butlr-sandbox demo`, as a child process with a folder of its own for temporary files.
@Suite struct DemoTests {
    /// With what is installed on this machine, and with no tool at all.
    @Test(arguments: [nil, "/nowhere"])
    func everyStepBehavesAndNothingIsLeft(path: String?) throws {
        try withFolder { folder in
            var environment = ["TMPDIR": folder]
            environment["PATH"] = path
            let demo = try SandboxProgram(["demo"], environment: environment)
            let output = demo.output()
            #expect(demo.waitForExit() == 0, "\(output)")
            #expect(output.contains("Everything behaved: 3 token requests, 2 of them granted."))
            #expect(
                output.contains("   swift run butlr-credential login\n   swift run butlr-credential token\n"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
        }
    }

    @Test func thePageIsShortPlainAndShowsNoTokenWhole() throws {
        try withFolder { folder in
            let demo = try SandboxProgram(["demo"], environment: ["TMPDIR": folder, "TERM": "xterm"])
            let output = demo.output()
            #expect(demo.waitForExit() == 0)
            let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count <= 61, "60 lines and what follows the last newline")
            #expect(lines.allSatisfy { $0.count <= 80 })
            #expect(output.contains("\"access_token\":\"eyJhbG...\""))
            let words = output.split { !$0.isLetter && !$0.isNumber && !"-._".contains($0) }
            #expect(words.allSatisfy { $0.count <= 40 })
            #expect(!output.contains("\u{1B}"))
            #expect(!output.contains("sandbox-secret"))
        }
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func anInterruptLeavesNothing(signal: Int32) throws {
        try withFolder { folder in
            let demo = try SandboxProgram(["demo"], environment: ["TMPDIR": folder])
            _ = demo.firstLine()
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
            demo.send(signal)
            #expect(demo.waitForExit() == nil)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
        }
    }

    @Test func aHelperThatGivesNothingIsNoticed() throws {
        try withFolder { folder in
            try installSilentHelper(in: folder)
            let demo = try SandboxProgram(["demo"], in: folder, environment: ["PATH": "/nowhere"])
            let output = demo.output()
            #expect(demo.waitForExit() == 1)
            #expect(output.contains("NOT AS IT SHOULD BE (exit status 1): expected a token"))
            #expect(output.contains("Not everything behaved"))
        }
    }

    @Test func withoutAHelperItSaysHowToBuildOne() throws {
        try withFolder { folder in
            try installProgram(in: folder)
            let demo = try SandboxProgram(["demo"], in: folder)
            #expect(
                demo.errorOutput()
                    == "butlr-sandbox: butlr-credential is not beside this program; build it with: swift build\n"
            )
            #expect(demo.waitForExit() == 66)
        }
    }

    @Test(arguments: [
        (["TERM": "xterm", "NO_COLOR": nil], true),
        (["TERM": "xterm", "NO_COLOR": ""], true),
        (["TERM": "xterm", "NO_COLOR": "1"], false),
        (["TERM": "dumb", "NO_COLOR": nil], false),
        (["TERM": nil, "NO_COLOR": nil], false),
    ])
    func onATerminalHeadingsAreBoldUnlessToldOtherwise(variables: [String: String?], isBold: Bool) throws {
        try withFolder { folder in
            try installSilentHelper(in: folder)
            let demo = try SandboxProgram(
                ["demo"], in: folder, environment: variables.merging(["PATH": "/nowhere"]) { $1 },
                onTerminal: true)
            let output = demo.output()
            #expect(demo.waitForExit() == 1)
            #expect(output.contains("\u{1B}[1m1. A program asks") == isBold)
            #expect(output.contains("\u{1B}") == isBold)
        }
    }
}

/// Runs `body` with a folder beside the programs, so that they can be linked into it.
private func withFolder(_ body: (String) throws -> Void) throws {
    var template = Array("\(try SandboxProgram.buildFolder())/demo-tests.XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    let folder = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
}

/// The program without its helper. A link, because a copy that was just written may still be open for writing in
/// a child of another test, and then cannot be run.
private func installProgram(in folder: String) throws {
    try FileManager.default.linkItem(
        atPath: SandboxProgram.buildFolder() + "/butlr-sandbox", toPath: folder + "/butlr-sandbox")
}

/// The program with a helper that says nothing and fails with status 1.
private func installSilentHelper(in folder: String) throws {
    try installProgram(in: folder)
    let failing = try #require(
        (["/bin/false", "/usr/bin/false"] as [String]).first { access($0, X_OK) == 0 })
    try FileManager.default.createSymbolicLink(
        atPath: folder + "/butlr-credential", withDestinationPath: failing)
}
