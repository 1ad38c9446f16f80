import Platform
import Testing

@Suite struct WordTests {
    static let keys = ["client-id", "client-secret", "scope", "timeout", "url", "username", "password"]

    @Test(arguments: [
        ("clientid", "client-id"), ("client_id", "client-id"), ("Client-ID", "client-id"),
        ("client-secert", "client-secret"), ("scopes", "scope"), ("scpoe", "scope"), ("timout", "timeout"),
        ("uri", "url"), ("user-name", "username"), ("URL", "url"), ("passwd", "password"), ("ur", "url"),
        ("colour", nil), ("x", nil), ("", nil), ("client", nil), ("clientdi", "client-id"),
        ("timeoutinseconds", nil),
    ])
    func findsTheNearest(_ word: String, _ nearest: String?) {
        #expect(nearestWord(to: word, among: Self.keys) == nearest)
    }

    @Test func prefersTheNearerThenTheFirst() {
        #expect(nearestWord(to: "gat", among: ["set", "got", "get"]) == "got")
        #expect(nearestWord(to: "set", among: ["get", "set"]) == "set")
        #expect(nearestWord(to: "set", among: []) == nil)
    }

    @Test(arguments: [
        ("plain text", "plain text"), ("", ""), ("  a \t b\r\n c  ", "a b c"),
        ("\u{1B}[31mred\u{1B}[0m", "[31mred [0m"), ("a\0b\u{7f}c\u{9b}d", "a b c d"),
        ("a\u{202E}b\u{200B}c\u{2028}d\u{2029}e\u{FEFF}f", "a b c d e f"), ("é€𝄞", "é€𝄞"), ("\u{1B}", ""),
    ])
    func quotesForeignText(_ text: String, _ line: String) {
        #expect(quoted(text) == line)
    }

    @Test func quotesOnlySoMuch() {
        #expect(quoted("abcdef", limit: 6) == "abcdef")
        #expect(quoted("abcdefg", limit: 6) == "abcdef…")
        #expect(quoted(String(repeating: "é", count: 500)) == String(repeating: "é", count: 200) + "…")
        #expect(quoted(String(repeating: "\n", count: 500)) == "…")
    }
}
