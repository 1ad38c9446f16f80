import Platform
import Testing

@Suite struct JSONWriterTests {
    @Test(
        arguments: [
            (.null, "null"), (true, "true"), (false, "false"), ([], "[]"), (.object([]), "{}"), (0, "0"),
            (-7, "-7"),
            (.number(-0.0), "0"), (.number(0.5), "0.5"), (.number(1e3), "1000"), (.number(1e300), "1e+300"),
            (.number(.infinity), "null"), (.number(.nan), "null"),
            (.number(9_007_199_254_740_991), "9007199254740991"), (1_785_868_200_123, "1785868200123"),
            (["b": 1, "a": [true, "x"]], #"{"b":1,"a":[true,"x"]}"#),
            ("\"\\/\n\r\t\u{8}\u{c}\0\u{1f}\u{7f}", #""\"\\/\n\u000d\u0009\u0008\u000c\u0000\u001f\u007f""#),
            ("é€𝄞\u{2028}", "\"é€𝄞\u{2028}\""), (["\n\"": 1], #"{"\n\"":1}"#),
        ] as [(JSON, String)])
    func writes(_ value: JSON, _ text: String) {
        #expect(value.serialized == text)
    }

    @Test func readsBackWhatItWrote() throws {
        let codes =
            Array(0...0x3000 as ClosedRange<UInt32>) + Array(stride(from: 0x3001, to: 0x10FFFF, by: 251))
        let scalars = String(String.UnicodeScalarView(codes.compactMap(Unicode.Scalar.init)))
        let values: [JSON] = [
            .string(scalars), .number(0.1), .number(1e21), .number(-1.5e-7), .number(.leastNonzeroMagnitude),
            .number(.greatestFiniteMagnitude), .number(0x1p63),
            .object((0..<40).map { JSON.Member("name \($0)", [.null, .number(Double($0) / 3)]) }),
        ]
        for value in values {
            let read = try JSON(parsing: Array(value.serialized.utf8))
            #expect(read == value)
            // Equal strings may differ in their scalars.
            #expect(read.string.map { Array($0.utf8) } == value.string.map { Array($0.utf8) })
            #expect(!value.serialized.utf8.contains { $0 < 0x20 || $0 == 0x7F })
        }
    }

    @Test func leavesOutWhatIsNotThere() {
        #expect(
            JSON.object(present: ["a": 1, "b": nil, "c": .null])
                == .object([.init("a", 1), .init("c", .null)]))
    }

    @Test func rendersAFailure() {
        let error = HelperError(.temporaryFailure, "no\nroute", hint: "wait", retryAfter: 30)
        #expect(
            error.json.serialized
                == #"{"version":1,"error":{"code":"temporary-failure","message":"no route","hint":"wait","#
                + #""retryable":true,"retry_after":30}}"#)
        #expect(error.text == "butlr-credential: no route (try again in 30 s)\n  wait\n")
        #expect(
            HelperError(.config, "x").json.serialized
                == #"{"version":1,"error":{"code":"config","message":"x","hint":null,"#
                + #""retryable":false,"retry_after":null}}"#)
    }

    @Test func exitsAsDocumented() {
        let statuses = HelperError.Code.allCases.map { "\($0.rawValue) \($0.exitStatus)" }
        #expect(
            statuses == [
                "usage 64", "bad-request 65", "no-profile 69", "provider-error 69", "io-error 74",
                "temporary-failure 75", "tls-error 76", "credentials-rejected 77", "config 78",
            ])
        #expect(HelperError.Code.allCases.filter(\.isRetryable) == [.temporaryFailure])
    }
}
