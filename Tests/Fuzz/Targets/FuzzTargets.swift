import Platform

/// What may be fuzzed, by the name of its corpus: each reads bytes that anybody may have written, and holds what comes
/// of them against what must be true of any.
private let targets: [String: @Sendable ([UInt8]) -> Void] = [
    "config": fuzzConfig,
    "config-editor": fuzzConfigEditor,
    "git": fuzzGit,
    "json": fuzzJSON,
    "request": fuzzRequest,
    "token-response": fuzzTokenResponse,
    "jwt": fuzzJSONWebToken,
    "token-file": fuzzTokenFile,
    "url": fuzzURL,
]

private let target: @Sendable ([UInt8]) -> Void = {
    guard let name = getenv("BUTLR_FUZZ").map({ String(cString: $0) }), let target = targets[name] else {
        fatalError("BUTLR_FUZZ names no target; there are \(targets.keys.sorted())")
    }
    return target
}()

/// libFuzzer's entry.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // An array of exactly that size, so that reading past it is seen.
    target(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// Ends the run with what was found.
func expect(_ condition: Bool, _ finding: @autoclosure () -> String) {
    if !condition { fatalError(finding()) }
}

/// Whether a text can be printed as one line without doing anything to a terminal.
func isOneHarmlessLine(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
}

func expectHarmless(_ error: HelperError) {
    expect(isOneHarmlessLine(error.message), "message: \(error.message)")
    expect(error.hint.map(isOneHarmlessLine) ?? true, "hint: \(error.hint!)")
}
