import Testing

// Some tests need programs that not every machine has. They are skipped there; where `BUTLR_TEST_REQUIRE` names
// the program (several with spaces or commas between them), it must be there, and its absence is a failure.

extension Trait where Self == ConditionTrait {
    /// Runs the test, or the suite, only where these programs are on the `PATH`.
    ///
    ///     @Test(.clients("kubectl")) func answersKubectl() async throws { … }
    public static func clients(
        _ names: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) -> Self {
        .enabled("needs \(names.joined(separator: ", "))", sourceLocation: sourceLocation) {
            try arePresent(names, required: requiredClients)
        }
    }
}

extension Trait where Self == ConditionTrait {
    /// Runs the test, or the suite, only where this variable names a program: one that would not be on the
    /// `PATH`, such as another version of one that is. `BUTLR_TEST_REQUIRE` may name the variable.
    ///
    ///     @Test(.client(in: "BUTLR_TEST_NEWER_GIT")) func answersNewerGit() async throws {
    ///         let git = try #require(clientPath(in: "BUTLR_TEST_NEWER_GIT"))
    public static func client(
        in variable: String, sourceLocation: SourceLocation = #_sourceLocation
    ) -> Self {
        .enabled("needs a program in \(variable)", sourceLocation: sourceLocation) {
            if clientPath(in: variable) != nil { return true }
            if requiredClients.contains(variable) { throw MissingClient(name: variable) }
            return false
        }
    }
}

/// The program that a variable names, if it is there and may be run.
public func clientPath(in variable: String) -> String? {
    getenv(variable).flatMap { Program.find(String(cString: $0)) }
}

/// The path of a program that this test needs, for a test which knows that only while it runs.
///
/// - Throws: what skips the test when it is missing, or ``MissingClient`` when it was required.
@discardableResult
public func requireClient(
    _ name: String, sourceLocation: SourceLocation = #_sourceLocation
) throws -> String {
    if try arePresent([name], required: requiredClients), let path = Program.find(name) { return path }
    try Test.cancel("needs \(name)", sourceLocation: sourceLocation)
}

/// A program is missing that `BUTLR_TEST_REQUIRE` asks for.
public struct MissingClient: Error, Equatable, CustomStringConvertible {
    public let name: String
    public var description: String { "\(name) is required by BUTLR_TEST_REQUIRE, but not there" }
}

func arePresent(_ names: [String], required: [String]) throws(MissingClient) -> Bool {
    let missing = names.filter { Program.find($0) == nil }
    if let name = missing.first(where: required.contains) { throw MissingClient(name: name) }
    return missing.isEmpty
}

private var requiredClients: [String] {
    guard let names = getenv("BUTLR_TEST_REQUIRE") else { return [] }
    return String(cString: names).split { $0 == " " || $0 == "," }.map(String.init)
}
