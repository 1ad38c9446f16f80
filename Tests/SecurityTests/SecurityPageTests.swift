import TestSupport
import Testing

/// The manual page on security: no claim outlives the tests that show it.
@Suite struct SecurityPageTests {
    private let root = Folder("/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/"))

    @Test func everyClaimNamesTestsThatThereAre() throws {
        let page = try root.read("man/butlr-credential-security.7")
        let tests = try self.tests()
        let named = names(in: page)
        #expect(named.count > 20)
        for name in named { #expect(tests.contains(name), "\(name) is no test") }
    }

    @Test func everyProtectionNamesATest() throws {
        let page = try root.read("man/butlr-credential-security.7")
        let start = try #require(page.ranges(of: ".Sh WHAT IS PROTECTED").first?.upperBound)
        let end = try #require(page.ranges(of: ".Sh WHAT IS NOT PROTECTED").first?.lowerBound)
        let claims = page[start..<end].split(separator: ".It ").dropFirst()
        #expect(claims.count > 5)
        for claim in claims { #expect(!names(in: String(claim)).isEmpty, "\(claim)") }
    }

    /// Words such as `SuiteTests.test`.
    private func names(in text: String) -> [String] {
        text.split { !$0.isLetter && !$0.isNumber && $0 != "." }.map(String.init).filter { word in
            let parts = word.split(separator: ".")
            return parts.count == 2 && parts[0].hasSuffix("Tests") && parts[0].first!.isUppercase
        }
    }

    /// Every test there is, as `SuiteTests.test`.
    private func tests() throws -> Set<String> {
        var tests: Set<String> = []
        for file in try root.folder("Tests").files() where file.hasSuffix(".swift") {
            var suite = ""
            var isTest = false
            for line in try root.folder("Tests").read(file).split(separator: "\n") {
                if line.contains("@Test") { isTest = true }
                let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "@" }
                for (word, next) in zip(words, words.dropFirst()) {
                    if ["struct", "class", "extension"].contains(word), next.hasSuffix("Tests") {
                        suite = String(next)
                    }
                    if word == "func" {
                        if isTest { tests.insert("\(suite).\(next)") }
                        isTest = false
                    }
                }
            }
        }
        return tests
    }
}
