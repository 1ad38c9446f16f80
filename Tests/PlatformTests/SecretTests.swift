import Platform
import Testing

@Suite struct SecretTests {
    static let secret = Secret("hunter2")

    struct Holder {
        var secret = SecretTests.secret
        var optional: Secret? = SecretTests.secret
        var list = [SecretTests.secret]
        var table = ["key": SecretTests.secret]
        var pair = (SecretTests.secret, 1)
        var choice = Choice.some(SecretTests.secret)
        var result: Result<Secret, SystemError> = .success(SecretTests.secret)
    }
    enum Choice { case some(Secret) }
    final class Owner { let secret = SecretTests.secret }

    static func printed(_ value: Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        var written = ""
        print(value, to: &written)
        return [
            "\(value)", String(describing: value), String(reflecting: value), dumped, written,
            "\(Mirror(reflecting: value))",
        ]
    }

    /// All that can be reached through mirrors, which is how test frameworks and debuggers print.
    static func mirrored(_ value: Any) -> String {
        Mirror(reflecting: value).children
            .map { "\($0.label ?? ""): \($0.value) \(mirrored($0.value))" }.joined(separator: "\n")
    }

    @Test func isRedactedHoweverItIsPrinted() {
        let secret = Self.secret
        #expect("\(secret)" == "<redacted>")
        #expect(secret.debugDescription == "<redacted>")
        #expect("\([secret])" == "[<redacted>]")
        #expect(String(describing: Optional(secret)) == "Optional(<redacted>)")
        let values: [Any] = [
            secret, secret as Any? as Any, [secret], [secret: secret], Set([secret]), (secret, 1), Holder(),
            Owner(), Choice.some(secret), ["a": [secret]], Optional(Optional(secret)) as Any,
        ]
        for value in values {
            for text in Self.printed(value) + [Self.mirrored(value)] {
                #expect(!text.contains("hunter2"))
            }
        }
        #expect(Mirror(reflecting: secret).children.isEmpty)
    }

    @Test func isRevealedOnlyByThatWord() {
        #expect(Self.secret.reveal() == "hunter2")
        #expect(Secret("").isEmpty)
        #expect(!Self.secret.isEmpty)
        #expect(Self.secret == Secret("hunter2"))
        #expect(Self.secret != Secret("hunter3"))
    }

    @Test func bytesAreOverwrittenInTheirPlace() {
        var bytes = Array("hunter2".utf8)
        let place = bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
        bytes.wipe()
        #expect(bytes == [0, 0, 0, 0, 0, 0, 0])
        #expect(bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) } == place)
        var none: [UInt8] = []
        none.wipe()
        #expect(none.isEmpty)
    }
}
