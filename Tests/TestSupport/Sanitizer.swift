import Testing

/// Whether a sanitizer watches the programs under test: `BUTLR_TEST_SANITIZER`, which `Tests/Sanitizers/run` sets.
public let isSanitized = getenv("BUTLR_TEST_SANITIZER") != nil

extension Trait where Self == ConditionTrait {
    /// Skips the test, or the suite, where a sanitizer watches the programs under test.
    ///
    ///     @Test(.unsanitized("the sanitizer has memory of its own")) func needsLittleMemory() async throws { … }
    public static func unsanitized(
        _ reason: Comment, sourceLocation: SourceLocation = #_sourceLocation
    ) -> Self {
        .disabled(if: isSanitized, reason, sourceLocation: sourceLocation)
    }
}
