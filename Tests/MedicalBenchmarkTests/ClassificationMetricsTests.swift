// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import MedicalBenchmark

@Suite("Accuracy and F1 count as their definitions say")
struct ClassificationMetricsTests {
    private func outcomes(_ gold: [String], _ answers: [String?], labels: [String] = ["yes", "no", "maybe"])
        -> ItemOutcomes
    {
        ItemOutcomes(labels: labels, ids: gold.indices.map(String.init), gold: gold, answers: answers)
    }

    private func metrics(
        _ outcomes: ItemOutcomes, _ profile: ScoringProfile, seed: UInt64 = 1
    ) throws -> [String: MetricEstimate] {
        try outcomes.metrics(profile).estimates(
            items: outcomes.count, bootstrap: Bootstrap(resamples: 200, seed: seed))
    }

    @Test("A worked example: an unread answer is wrong and no class of its own")
    func worked() throws {
        // yes: TP 2, gold 3, answered 3, F 2/3; no: TP 1, gold 2, answered 1, F 2/3; maybe: never gold, F 0.
        let sample = outcomes(["yes", "yes", "no", "no", "yes"], ["yes", "yes", "no", "yes", nil])
        let strict = try metrics(sample, .strict)
        let published = try metrics(sample, .published)
        #expect(strict["accuracy"]?.value == 0.6)
        #expect(abs(try #require(strict["macroF1"]).value - 4.0 / 9) < 1e-12)
        #expect(abs(try #require(published["macroF1"]).value - 2.0 / 3) < 1e-12)
        #expect(abs(try #require(strict["weightedF1"]).value - 2.0 / 3) < 1e-12)
        #expect(strict["weightedF1"] == published["weightedF1"])
    }

    @Test("Intervals hold their value, narrow with more items and repeat with their seed")
    func bootstrap() throws {
        let few = outcomes(
            (0..<40).map { $0 % 2 == 0 ? "yes" : "no" }, (0..<40).map { $0 % 5 == 0 ? "maybe" : "yes" })
        let many = outcomes(
            (0..<1000).map { $0 % 2 == 0 ? "yes" : "no" }, (0..<1000).map { $0 % 5 == 0 ? "maybe" : "yes" })
        let (small, large) = (try metrics(few, .strict), try metrics(many, .strict))
        for name in ClassificationMetrics.names {
            let (wide, narrow) = (try #require(small[name]), try #require(large[name]))
            #expect(wide.low <= wide.value && wide.value <= wide.high)
            #expect(narrow.high - narrow.low < wide.high - wide.low)
        }
        #expect(try metrics(few, .strict) == small)
        let other = try metrics(few, .strict, seed: 2)
        #expect(other["accuracy"]?.value == small["accuracy"]?.value && other != small)
        // A share of 0.4 in 1,000: the normal interval is ±1.96·√(0.24/1000) = ±0.030.
        let accuracy = try #require(large["accuracy"])
        #expect(accuracy.value == 0.4)
        #expect(abs(accuracy.high - 0.43) < 0.01 && abs(accuracy.low - 0.37) < 0.01)
    }

    @Test("The generator gives SplitMix64's published numbers, and indices without bias")
    func generator() {
        var reference = SeededGenerator(seed: 1_234_567)
        #expect(
            (0..<3).map { _ in reference.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
        var generator = SeededGenerator(seed: 3)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[generator.index(below: 7)] += 1 }
        #expect(counts.allSatisfy { abs($0 - 10_000) < 500 })
    }

    @Test("The majority class, by profile")
    func majority() throws {
        let sample = outcomes(["yes", "no", "yes", "yes"], [nil, nil, nil, nil])
        let strict = try MajorityBaseline(outcomes: sample, profile: .strict)
        let published = try MajorityBaseline(outcomes: sample, profile: .published)
        #expect(strict.label == "yes" && strict.accuracy == 0.75)
        // yes: 2·3/(3+4) = 6/7; no 0; over three labels or over the two that occur.
        #expect(abs(strict.macroF1 - 6.0 / 21) < 1e-12)
        #expect(abs(published.macroF1 - 6.0 / 14) < 1e-12)
        #expect(abs(strict.weightedF1 - 0.75 * 6 / 7) < 1e-12)
    }

    @Test("Outcomes come back from their two characters an item, for up to 62 labels")
    func outcomesText() throws {
        let labels = (0..<62).map { "label \($0)" }
        let sample = outcomes(labels, labels.dropFirst().map { $0 } + [nil], labels: labels)
        let indices = try sample.indices()
        #expect(indices.map(\.gold) == Array(0..<62))
        #expect(indices.map(\.answer) == Array(1..<62) + [-1])
        let data = try JSONEncoder().encode(sample)
        #expect(try JSONDecoder().decode(ItemOutcomes.self, from: data) == sample)
        let forged = String(decoding: data, as: UTF8.self).replacing("\"-", with: "\"!").replacing("YZ-", with: "YZ?")
        let broken = try JSONDecoder().decode(ItemOutcomes.self, from: Data(forged.utf8))
        #expect(BenchmarkFixtures.error { _ = try broken.indices() }?.code == .mismatch)
    }

    @Test("Perplexity from sums of log-likelihoods")
    func perplexity() throws {
        var sums = PerplexitySums()
        sums.add(logLikelihood: -8 * log(2), tokens: 3, bytes: 10)
        sums.add(logLikelihood: -4 * log(2), tokens: 1, bytes: 6)
        let result = try sums.perplexity()
        #expect(abs(result.perplexity - 8) < 1e-12)
        #expect(abs(result.bitsPerByte - 0.75) < 1e-12)
        #expect(result.tokens == 4)
        #expect(BenchmarkFixtures.error { _ = try PerplexitySums().perplexity() } != nil)
        #expect(
            BenchmarkFixtures.error { _ = try DomainPerplexity(negativeLogLikelihood: .nan, tokens: 1, bytes: 1) }?.code
                == .unusableAnswer)
    }
}
