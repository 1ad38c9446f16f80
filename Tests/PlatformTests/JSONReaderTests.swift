import Platform
import Testing

/// The reader against RFC 8259.
@Suite struct JSONReaderTests {
    static func parse(_ text: String) throws(JSON.SyntaxError) -> JSON {
        try JSON(parsing: Array(text.utf8))
    }

    static let accepted: [(String, JSON)] = [
        ("null", .null), ("true", true), ("false", false), ("\"\"", ""), ("[]", []), ("{}", .object([])),
        (" \t\r\n{ \"a\" :\r\n[ 1 ,\t2 ] } \n", ["a": [1, 2]]),
        ("[[[]],{}]", [[[]], .object([])]),
        ("{\"b\":1,\"a\":{\"b\":null}}", ["b": 1, "a": ["b": .null]]),
        // The two examples of §13.
        (
            """
            { "Image": { "Width": 800, "Title": "View from 15th Floor", "Animated" : false,
                         "IDs": [116, 943, 234, 38793] } }
            """,
            [
                "Image": [
                    "Width": 800, "Title": "View from 15th Floor", "Animated": false,
                    "IDs": [116, 943, 234, 38793],
                ]
            ]
        ),
        (
            #"[{"precision":"zip","Latitude":37.371991,"Longitude":-122.026020,"Zip":"94085"}]"#,
            [
                [
                    "precision": "zip", "Latitude": .number(37.371991), "Longitude": .number(-122.02602),
                    "Zip": "94085",
                ]
            ]
        ),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (#""\u0000\u001f\u00e9\u20AC\uFFFF""#, "\0\u{1f}é€\u{FFFF}"),
        (#""\uD834\uDD1E\udbff\udfff""#, "𝄞\u{10FFFF}"),
        ("\"\u{7F}é€𝄞\u{2028}\u{FEFF}\"", "\u{7F}é€𝄞\u{2028}\u{FEFF}"),
    ]

    @Test(arguments: accepted) func accepts(_ text: String, _ value: JSON) throws {
        #expect(try Self.parse(text) == value)
    }

    /// Where each of these is wrong.
    static let rejected: [(String, Int)] = [
        ("nil", 1), ("True", 0), ("NaN", 0), ("Infinity", 0), ("-Infinity", 1), ("undefined", 0), ("'a'", 0),
        ("\u{FEFF}{}", 0), ("\u{A0}1", 0), ("{} x", 3), ("1 2", 2), ("nullx", 4), ("truefalse", 4),
        ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3), ("[1,,2]", 3), ("[1}", 2), ("]", 0), ("[1]]", 3),
        ("{,}", 1), ("{\"a\":1,}", 7), ("{\"a\"}", 4), ("{\"a\" 1}", 5), ("{\"a\":}", 5), ("{a:1}", 1),
        ("{\"a\":1 \"b\":2}", 7), ("{1:2}", 1), ("{\"a\":1]", 6), ("{null:1}", 1), ("/* */ 1", 0),
        ("[1] // no", 4),
        // Numbers.
        ("+1", 0), (".5", 0), ("01", 1), ("-01", 2), ("00", 1), ("1.e1", 2), ("0x10", 1), ("1_000", 1),
        ("-a", 1), ("1ea", 2), ("1e+-1", 3), ("1.a", 2), ("--1", 1), ("１", 0), ("1e999", 0), ("[-1e999]", 1),
        // Strings.
        ("\"\u{1}\"", 1), ("\"a\nb\"", 2), ("\"\t\"", 1), ("\"\0\"", 1), ("\"\\n\n\"", 3), (#""\x""#, 2),
        (#""\U0041""#, 2), (#""\u00g0""#, 5), (#""\u 041""#, 3), (#""\'""#, 2), ("\"\\\n\"", 2),
        ("\"a\" \"b\"", 4),
        // Surrogates that are alone or in the wrong order.
        (#""\uD800""#, 7), (#""\uD800a""#, 7), (#""\uD800\n""#, 8), (#""\uD800\u0041""#, 13),
        (#""\uD800\uD800""#, 13), (#""\uDC00""#, 7), (#""\uDC00\uD800""#, 7),
        // Members of the same name.
        (#"{"a":1,"a":1}"#, 7), (#"{"a":1,"b":2,"a":3}"#, 13), (#"{"":1,"":2}"#, 6),
        (#"{"a":1,"\u0061":2}"#, 7), (#"[{"b":{"a":1,"a":2}}]"#, 13),
    ]

    @Test(arguments: rejected) func rejects(_ text: String, _ offset: Int) {
        let error = #expect(throws: JSON.SyntaxError.self) { try Self.parse(text) }
        guard case .invalid(let found, let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found == offset)
        #expect(!reason.isEmpty)
    }

    @Test(
        arguments: [
            [0x80], [0xFF], [0xC0, 0x80], [0xC3], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80], [0xC3, 0x28],
        ] as [[UInt8]])
    func rejectsWhatIsNotUTF8(_ bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        for text in [[quote] + bytes + [quote], [quote] + Array("\\n".utf8) + bytes + [quote]] {
            #expect(throws: JSON.SyntaxError.invalid(offset: 1, "not UTF-8")) { try JSON(parsing: text) }
        }
        #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: bytes) }
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("-0.0", 0), ("1", 1), ("-1", -1), ("10", 10), ("0.5", 0.5), ("1.0", 1),
            ("1e2", 100), ("1E+2", 100), ("25e-1", 2.5), ("-1.5e3", -1500), ("0e99", 0), ("1e-999", 0),
            ("1.7976931348623157e308", .greatestFiniteMagnitude), ("5e-324", .leastNonzeroMagnitude),
            ("123456789012345678901234567890", 1.2345678901234568e29), ("0.1", 0.1),
            ("0.000000000000000000000000000000000000001", 1e-39),
        ] as [(String, Double)])
    func readsNumbers(_ text: String, _ value: Double) throws {
        #expect(try Self.parse(text) == .number(value))
        #expect(try Self.parse("[\(text)]") == [.number(value)])
    }

    @Test(
        arguments: [
            ("3600", 3600), ("3600.0", 3600), ("36e2", 3600), ("-5", -5), ("-0", 0), ("3599.5", nil),
            ("\"60\"", nil),
            ("9007199254740991", 9_007_199_254_740_991), ("-9007199254740991", -9_007_199_254_740_991),
            ("9007199254740992", nil), ("9007199254740993", nil), ("9223372036854775807", nil),
            ("1e300", nil),
            ("1785868200123", 1_785_868_200_123), ("true", nil), ("null", nil),
        ] as [(String, Int64?)])
    func givesIntegersThatAreExact(_ text: String, _ value: Int64?) throws {
        #expect(try Self.parse(text).integer == value)
    }

    @Test func readsAVeryLongNumber() throws {
        let digits = String(repeating: "9", count: 100_000)
        #expect(throws: JSON.SyntaxError.invalid(offset: 0, "number too large")) { try Self.parse(digits) }
        #expect(try Self.parse("0.\(digits)") == 1)
    }

    @Test func boundsTheDepth() throws {
        for (opening, closing) in [("[", "]"), ("{\"a\":", "}")] {
            func nested(_ depth: Int) -> String {
                String(repeating: opening, count: depth - 1) + "[]"
                    + String(repeating: closing, count: depth - 1)
            }
            #expect(throws: Never.self) { try Self.parse(nested(64)) }
            let error = #expect(throws: JSON.SyntaxError.self) { try Self.parse(nested(65)) }
            #expect(error == .invalid(offset: 64 * opening.utf8.count, "nested too deeply"))
            #expect(throws: JSON.SyntaxError.self) {
                try Self.parse(String(repeating: opening, count: 1_000_000))
            }
        }
        // Depth is what is open at a time, not how much there is.
        #expect(try Self.parse("[" + String(repeating: "[],", count: 999) + "[]]").array?.count == 1000)
    }

    /// Up to 16 members are compared one by one, more with a set: both ways, at the seam and behind it.
    @Test(arguments: [2, 15, 16, 17, 18, 40, 1000]) func findsADuplicateAmongMany(_ count: Int) throws {
        func text(_ names: [Int]) -> String {
            "{" + names.map { "\"n\($0)\":\($0)" }.joined(separator: ",") + "}"
        }
        let names = Array(0..<count)
        let value = try Self.parse(text(names))
        #expect(value["n\(count - 1)"] == .number(Double(count - 1)))
        for duplicate in [0, count / 2, count - 1] {
            let error = #expect(throws: JSON.SyntaxError.self) { try Self.parse(text(names + [duplicate])) }
            #expect(error == .invalid(offset: text(names).utf8.count, "duplicate member name"))
        }
    }

    /// `é` in one and in two characters: equal strings, different names (§8.3).
    @Test(arguments: [0, 20]) func comparesNamesByTheirBytes(_ others: Int) throws {
        let more = (0..<others).map { ",\"\($0)\":0" }.joined()
        let value = try Self.parse("{\"\u{E9}\":1\(more),\"e\u{301}\":2}")
        guard case .object(let members) = value else {
            Issue.record("no object")
            return
        }
        #expect(members.count == 2 + others)
    }

    @Test func findsMembers() throws {
        let value = try Self.parse(#"{"a":1,"b":null,"c":"x","d":true,"e":[1],"f":{}}"#)
        #expect(value["a"]?.integer == 1)
        #expect(value["b"] == nil)
        #expect(value["c"]?.string == "x")
        #expect(value["d"]?.bool == true)
        #expect(value["e"]?.array == [1])
        #expect(value["f"]?.isObject == true)
        #expect(value["g"] == nil)
        #expect(value["a"]?["b"] == nil)
        #expect(value["c"]?.integer == nil)
        #expect(value["a"]?.string == nil)
        #expect(value["a"]?.bool == nil)
        #expect(value["f"]?.array == nil)
        #expect(value["e"]?.isObject == false)
    }

    // MARK: - Texts that go on

    static let sample = #"""
         {"uri":"https://é.example/𝄞","n":[-1.5e+3,0, true,false,null],"s":"\"\\\u00e9\uD834\uDD1E\n","o":{"":{}}}
        """#

    /// Standard input comes in pieces: each beginning of a right text asks for more, and none is wrong.
    @Test(arguments: [sample, "[\"\"]", "\"a\"", "true", "null", "\"\\uD834\\uDD1E\""])
    func asksForMoreAfterEachPrefix(_ text: String) throws {
        let bytes = Array(text.utf8)
        for count in 0..<bytes.count {
            #expect(throws: JSON.SyntaxError.incomplete, "\(count) bytes") {
                try JSON.prefix(of: Array(bytes[..<count]))
            }
            #expect(throws: JSON.SyntaxError.incomplete, "\(count) bytes") {
                try JSON(parsing: Array(bytes[..<count]))
            }
        }
        #expect(try JSON.prefix(of: bytes).end == bytes.count)
    }

    /// A number alone does not tell where it ends.
    @Test(arguments: [
        ("-12.5e+3", ["-", "-12.", "-12.5e", "-12.5e+"], ["-1", "-12", "-12.5", "-12.5e+3"])
    ])
    func takesWhatThereIsOfANumber(_ text: String, _ incomplete: [String], _ complete: [String]) throws {
        for count in 0...text.utf8.count {
            let prefix = String(text.prefix(count))
            if complete.contains(prefix) {
                #expect(try Self.parse(prefix) == .number(try #require(Double(prefix))))
            } else {
                #expect(prefix.isEmpty || incomplete.contains(prefix))
                #expect(throws: JSON.SyntaxError.incomplete) { try Self.parse(prefix) }
            }
        }
    }

    @Test(arguments: [
        ("{}\n", 2), ("{}{}", 2), (" {\"a\":1}\nrest", 8), ("[1] ]", 3), ("\"a\"b", 3), ("1,", 1),
        ("truex", 4),
    ])
    func saysWhereTheTextGoesOn(_ text: String, _ end: Int) throws {
        #expect(try JSON.prefix(of: Array(text.utf8)).end == end)
    }

    /// No bytes at all may do worse than throw.
    @Test func survivesDamage() {
        var random = SystemRandomNumberGenerator()
        let bytes = Array(Self.sample.utf8)
        for _ in 0..<5000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<damaged.count, using: &random)
                switch UInt8.random(in: 0..<3, using: &random) {
                case 0: damaged[place] = .random(in: 0...255, using: &random)
                case 1: damaged.remove(at: place)
                default: damaged.insert(bytes.randomElement(using: &random)!, at: place)
                }
            }
            guard let value = try? JSON(parsing: damaged) else { continue }
            #expect(throws: Never.self, "\(damaged)") { try JSON(parsing: Array(value.serialized.utf8)) }
        }
    }

    @Test func hasAsManyValuesAsItMayHave() throws {
        func text(_ count: Int) -> [UInt8] {
            Array(("[" + repeatElement("0", count: count - 1).joined(separator: ",") + "]").utf8)
        }
        #expect(try JSON(parsing: text(65_536)).array?.count == 65_535)
        #expect(throws: JSON.SyntaxError.self) { try JSON(parsing: text(65_537)) }
    }
}
