// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MedicalBenchmark

@Suite("A difference is measured on the same items")
struct PairedDifferenceTests {
    private func result(_ answers: [String?], task: String = "pubmedqa", data: String = "d") throws -> EvaluationResult
    {
        try BenchmarkReportTests.result(answers: answers, task: task, data: data)
    }

    @Test("The interval of a paired difference is narrower than of two samples")
    func paired() throws {
        // 300 items, 100 of them wrong for both; the second model is right in 30 more and wrong in 5 more.
        let before: [String?] = (0..<300).map { $0 < 170 ? "yes" : nil }
        let after: [String?] = (0..<300).map { $0 >= 5 && $0 < 200 ? "yes" : nil }
        let differences = try PairedDifference.between(result(before), result(after))
        let accuracy = try #require(differences.first { $0.metric == "accuracy" })
        #expect(abs(accuracy.difference.value - 25.0 / 300) < 1e-12)
        #expect(accuracy.before == 170.0 / 300 && accuracy.after == 195.0 / 300)
        #expect(accuracy.changedAnswers == 35 && accuracy.items == 300)
        // √(35/300 − (25/300)²)/√300 = 0.0191, so ±0.0375; unpaired it would be ±0.078.
        #expect(abs(accuracy.difference.high - accuracy.difference.low - 0.075) < 0.01)
        #expect(accuracy.isMeasurable)
    }

    @Test("No change is none, exactly")
    func same() throws {
        let one = try result(["yes", nil, "no"])
        for difference in try PairedDifference.between(one, one) {
            #expect(difference.difference == MetricEstimate(value: 0, low: 0, high: 0))
            #expect(!difference.isMeasurable && difference.changedAnswers == 0)
        }
    }

    @Test("Other items, other data, other profiles are refused")
    func mismatch() throws {
        let one = try result(["yes", "no"])
        var otherProfile = one
        otherProfile.profile = .published
        for other in [try result(["yes"]), try result(["yes", "no"], data: "e"), otherProfile] {
            #expect(BenchmarkFixtures.error { _ = try PairedDifference.between(one, other) }?.code == .mismatch)
        }
    }
}
