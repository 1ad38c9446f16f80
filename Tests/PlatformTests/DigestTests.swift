import Platform
import Testing

@Suite struct DigestTests {
    /// FIPS 180-4's examples, and lengths around the ends of a block (by OpenSSL).
    @Test(arguments: [
        ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrs"
                + "mnopqrstnopqrstu", 1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
        ("a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        ("a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
        ("a", 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"),
        ("a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
        ("a", 65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"),
        ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
    func hashes(_ text: String, _ times: Int, _ digest: String) {
        let message = (0..<times).flatMap { _ in Array(text.utf8) }
        #expect(hexadecimal(sha256(message)) == digest)
    }

    static func bytes(_ byte: UInt8, _ count: Int) -> [UInt8] { Array(repeating: byte, count: count) }

    /// RFC 4231 §4; the fifth case's output is cut to 128 bits.
    @Test(
        arguments: [
            (
                bytes(0x0b, 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
            ),
            (
                Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
            ),
            (
                bytes(0xaa, 20), bytes(0xdd, 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
            ),
            (
                Array(1...25), bytes(0xcd, 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
            ),
            (bytes(0x0c, 20), Array("Test With Truncation".utf8), "a3b6167473100ee06e0c796c2955552b"),
            (
                bytes(0xaa, 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
            ),
            (
                bytes(0xaa, 131),
                Array(
                    ("This is a test using a larger than block-size key and a larger than block-size data. The key"
                        + " needs to be hashed before being used by the HMAC algorithm.").utf8),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
            ),
        ] as [([UInt8], [UInt8], String)])
    func authenticates(_ key: [UInt8], _ message: [UInt8], _ code: String) {
        let computed = hmacSHA256(key: key, message)
        #expect(computed.count == 32)
        #expect(hexadecimal(computed).hasPrefix(code))
    }

    /// A key of one block is taken as it is, a longer one hashed (RFC 2104 §3).
    @Test func treatsKeysAroundABlock() {
        let long = Self.bytes(1, 65)
        #expect(hmacSHA256(key: long, [2]) == hmacSHA256(key: sha256(long), [2]))
        let block = Self.bytes(1, 64)
        #expect(hmacSHA256(key: block, [2]) != hmacSHA256(key: sha256(block), [2]))
        #expect(hmacSHA256(key: [1], [2]) == hmacSHA256(key: [1, 0, 0], [2]))
    }
}
