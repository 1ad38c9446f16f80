import Platform
import Testing

@Suite struct TimeTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"), (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_677_628_799, "2023-02-28T23:59:59Z"), (1_677_628_800, "2023-03-01T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"), (2_147_483_648, "2038-01-19T03:14:08Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"), (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            // Beyond what the format can say.
            (253_402_300_800, "9999-12-31T23:59:59Z"), (.max, "9999-12-31T23:59:59Z"),
            (-1, "1970-01-01T00:00:00Z"), (.min, "1970-01-01T00:00:00Z"),
        ] as [(Int64, String)])
    func writesRFC3339(_ seconds: Int64, _ text: String) {
        #expect(Timestamp(seconds: seconds).rfc3339 == text)
    }

    @Test func roundsDown() {
        #expect(Timestamp(milliseconds: 1999).rfc3339 == "1970-01-01T00:00:01Z")
        #expect(Timestamp(milliseconds: 1999).seconds == 1)
        #expect(Timestamp(milliseconds: 2000).seconds == 2)
        #expect(Timestamp(milliseconds: -1).seconds == -1)
        #expect(Timestamp(milliseconds: -1000).seconds == -1)
        #expect(Timestamp(milliseconds: -1001).seconds == -2)
        // Where a `Double` could no longer tell them apart.
        #expect(Timestamp(milliseconds: 9_007_199_254_740_993_999).seconds == 9_007_199_254_740_993)
        #expect(Timestamp(milliseconds: .max).seconds == 9_223_372_036_854_775)
        #expect(Timestamp(milliseconds: .min).seconds == -9_223_372_036_854_776)
    }

    @Test func computesAndCompares() {
        let moment = Timestamp(seconds: 100)
        #expect((moment + 1500).milliseconds == 101_500)
        #expect((moment - 1500).milliseconds == 98_500)
        #expect(moment + 1500 - moment == 1500)
        #expect(moment - (moment + 1500) == -1500)
        #expect(moment < moment + 1)
        #expect(moment == Timestamp(milliseconds: 100_000))
    }

    @Test func stopsAtTheEndsOfTime() {
        let first = Timestamp(milliseconds: .min)
        let last = Timestamp(milliseconds: .max)
        #expect(Timestamp(seconds: .max) == last)
        #expect(Timestamp(seconds: .min) == first)
        #expect(last + 1 == last)
        #expect(last - (-1) == last)
        #expect(first - 1 == first)
        #expect(first + (-1) == first)
        #expect(last - first == .max)
        #expect(first - last == .min)
        #expect(last + .min == Timestamp(milliseconds: -1))
    }

    @Test(
        arguments: [
            // RFC 9110 §5.6.7.
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Thu, 29 Feb 2024 00:00:00 GMT", 1_709_164_800),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Fri, 30 Apr 2021 00:00:00 GMT", 1_619_740_800),
        ] as [(String, Int64)])
    func readsHTTPDates(_ text: String, _ seconds: Int64) {
        #expect(Timestamp(httpDate: text) == Timestamp(seconds: seconds))
    }

    @Test(arguments: [
        "", "now", "120", "1994-11-06T08:49:37Z", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 GMT x", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT", "Thu, 31 Nov 1994 08:49:37 GMT", "Sun, 32 Dec 1994 08:49:37 GMT",
        "Thu, 29 Feb 2023 00:00:00 GMT", "Mon, 29 Feb 2100 00:00:00 GMT", "Fri, 30 Feb 2024 00:00:00 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT", "Sat, 01 Jan 10000 00:00:00 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 1994 08:49:37:00 GMT", "Sun, 06 Nov 1994 08::37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 -8:49:37 GMT", "Sun, ٠٦ Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
    ])
    func rejectsOtherDates(_ text: String) {
        #expect(Timestamp(httpDate: text) == nil)
    }

    /// Each day until the end of 2100, which is no leap year, comes back from its own text.
    @Test func knowsEveryDay() {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        var wrong: [Int64] = []
        for day in 0..<47_847 as Range<Int64> {
            let moment = Timestamp(seconds: day * 86_400 + 3661)
            let parts = moment.rfc3339.prefix(10).split(separator: "-")
            let month = months[Int(parts[1])! - 1]
            if Timestamp(httpDate: "Day, \(parts[2]) \(month) \(parts[0]) 01:01:01 GMT") != moment {
                wrong.append(day)
            }
        }
        #expect(wrong == [])
    }

    @Test(
        arguments: [
            ("0", 0), ("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200), ("007", 7),
            ("31536000", 31_536_000),
            ("8760h", 31_536_000), ("525600m", 31_536_000), ("31536001", nil), ("8761h", nil),
            ("525601m", nil),
            ("999999999h", nil), ("9999999999", nil), ("", nil), ("s", nil), ("m", nil), ("h", nil),
            ("-1", nil),
            ("+1", nil), ("1.5h", nil), ("1d", nil), ("5M", nil), ("5 m", nil), (" 5", nil), ("5\n", nil),
            ("1h30m", nil), ("5ms", nil), ("٣", nil), ("m5", nil), ("5m\u{301}", nil),
        ] as [(String, Int64?)])
    func readsDurations(_ text: String, _ seconds: Int64?) {
        #expect(parseDuration(text) == seconds)
    }

    @Test func tellsTheTime() {
        // 2020 and 2100: the clock counts milliseconds, not seconds or microseconds.
        #expect(Clock.system.now() > Timestamp(seconds: 1_577_836_800))
        #expect(Clock.system.now() < Timestamp(seconds: 4_102_444_800))
        #expect(Clock { Timestamp(seconds: 5) }.now() == Timestamp(seconds: 5))
    }

    @Test func endsAtTheDeadline() {
        let hour = Deadline(in: 3_600_000)
        #expect(!hour.hasPassed)
        #expect(hour.remaining > 0)
        #expect(hour.remaining <= 3_600_000)
        #expect(hour.extended(by: 3_600_000).remaining > 3_600_000)
        #expect(hour.limited(to: 1000).remaining <= 1000)
        #expect(hour.limited(to: 7_200_000).remaining <= 3_600_000)
        for past in [Deadline(in: 0), Deadline(in: -5), hour.limited(to: 0), hour.extended(by: -3_600_001)] {
            #expect(past.hasPassed)
            #expect(past.remaining == 0)
            // Returns at once, or this test never ends.
            past.sleep(3_600_000)
        }
        let soon = Deadline(in: 5)
        soon.sleep(3_600_000)
        #expect(soon.remaining <= 1)
        hour.sleep(0)
        hour.sleep(-1)
    }
}
