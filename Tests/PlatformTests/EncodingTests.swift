import Platform
import Testing

@Suite struct EncodingTests {
    /// RFC 4648 §10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func writesAndReadsBase64(_ text: String, _ encoded: String) {
        #expect(base64(Array(text.utf8)) == encoded)
        let unpadded = encoded.utf8.filter { $0 != UInt8(ascii: "=") }
        #expect(decodeBase64URL(unpadded) == Array(text.utf8))
    }

    @Test func usesBothAlphabets() {
        let bytes: [UInt8] = [0xFB, 0xEF, 0xFF, 0xFE]
        #expect(base64(bytes) == "++///g==")
        #expect(decodeBase64URL("--___g".utf8) == bytes)
        // RFC 7515 appendix C.
        #expect(decodeBase64URL("A-z_4ME".utf8) == [3, 236, 255, 224, 193])
    }

    @Test(arguments: ["A", "AAAAA", "AA=", "AA==", "A+", "A/", "A A", "AA\n", "é", "AA.AA"])
    func rejectsWhatIsNotBase64URL(_ text: String) {
        #expect(decodeBase64URL(text.utf8) == nil)
    }

    @Test func readsBackEveryByte() {
        let bytes = Array(0...255 as ClosedRange<UInt8>)
        let encoded = base64(bytes).utf8.compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
        #expect(decodeBase64URL(encoded) == bytes)
    }

    @Test(arguments: [
        // RFC 6749 appendix B.
        (" %&+£€", "+%25%26%2B%C2%A3%E2%82%AC"),
        ("", ""), ("azAZ09*-._", "azAZ09*-._"), ("a b  c", "a+b++c"), ("~!'()", "%7E%21%27%28%29"),
        ("https://x/?a=b&c", "https%3A%2F%2Fx%2F%3Fa%3Db%26c"), ("\r\n\0\u{7f}", "%0D%0A%00%7F"),
        ("𝄞", "%F0%9D%84%9E"), ("%20", "%2520"),
    ])
    func encodesForms(_ text: String, _ encoded: String) {
        #expect(formEncoded(text) == encoded)
    }

    @Test(arguments: [
        ("default", "default"), ("a-b_C9", "a-b_C9"), ("", "%"), (".", "%2E"), ("..", "%2E%2E"),
        ("../../etc/passwd", "%2E%2E%2F%2E%2E%2Fetc%2Fpasswd"), ("a b", "a%20b"), ("a/b", "a%2Fb"),
        ("a\0b", "a%00b"), ("é", "%C3%A9"), ("%", "%25"), ("a.b", "a%2Eb"), ("a+b", "a%2Bb"),
    ])
    func makesFileNames(_ name: String, _ encoded: String) {
        #expect(fileNameEncoded(name) == encoded)
    }

    /// File systems take 255 bytes at most, and the name is not all of a file's name.
    @Test func boundsFileNamesAndKeepsThemApart() {
        let longest = String(repeating: "x", count: 160)
        #expect(fileNameEncoded(longest) == longest)
        let long = [
            longest + "x", longest + "y", String(repeating: "é", count: 1000),
            String(repeating: "é", count: 1001),
        ]
        let encoded = long.map(fileNameEncoded)
        #expect(Set(encoded).count == long.count)
        for name in encoded {
            #expect(name.utf8.count <= 160)
            #expect(!name.contains("/"))
        }
    }

    @Test func readsAndWritesHexadecimal() {
        #expect(hexadecimal([0, 1, 0x7f, 0xab, 0xff]) == "00017fabff")
        #expect((0...15 as ClosedRange<UInt8>).map(hexadecimalDigit) == Array("0123456789abcdef".utf8))
        let values = (0...255 as ClosedRange<UInt8>).filter { hexadecimalValue($0) != nil }
        #expect(values == Array("0123456789ABCDEFabcdef".utf8))
        #expect("09afAF".utf8.map(hexadecimalValue) == [0, 9, 10, 15, 10, 15])
    }
}
