import Testing

@testable import butlr_benchmark

struct StatisticsTests {
    @Test(arguments: [
        (50.0, 3.0), (1, 1), (20, 1), (21, 2), (99, 5), (100, 5),
    ])
    func aPercentileIsOneOfTheValues(percent: Double, value: Double) {
        #expect(Sample([4, 1, 5, 3, 2]).percentile(percent) == value)
    }

    @Test func oneValueIsEveryPercentile() {
        let sample = Sample([7])
        #expect(sample.percentile(1) == 7 && sample.median == 7)
    }

    @Test(arguments: [
        (1.0, 2, "1.00"), (0.005, 2, "0.01"), (12.345, 1, "12.3"), (0.96, 1, "1.0"), (-1.5, 1, "-1.5"),
        (2.5, 0, "3"),
    ])
    func numbersHaveTheirDigits(value: Double, digits: Int, text: String) {
        #expect(fixed(value, digits) == text)
    }
}
