// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MedicalBenchmark

@Suite("Metrics of texts, by hand")
struct TextMetricTests {
    private func rouge(_ text: String, _ reference: String, isStemmed: Bool = false) -> ROUGE.Scores {
        ROUGE(isStemmed: isStemmed).score(text, reference: reference)
    }

    @Test("ROUGE counts overlaps, and its L the order")
    func overlaps() {
        let scores = rouge("the cat sat on the mat", "the cat was on the mat")
        #expect(abs(scores.rouge1.f1 - 5.0 / 6) < 1e-12)
        #expect(abs(scores.rouge2.f1 - 3.0 / 5) < 1e-12)
        #expect(abs(scores.rougeL.f1 - 5.0 / 6) < 1e-12)
        #expect(rouge("mat the on", "on the mat").rougeL.f1 == 1.0 / 3)
        #expect(rouge("", "text").rougeL == .zero && rouge("高血压", "高血压").rouge1 == .zero)
    }

    @Test("Lsum goes line by line, L over the whole text")
    func lines() {
        let scores = rouge("line one\nline two", "line two\nline one")
        #expect(scores.rougeLsum.f1 == 1 && scores.rougeL.f1 < 1)
    }

    @Test("Stems make one of running and run")
    func stems() {
        #expect(rouge("running", "runs").rouge1.f1 == 0)
        #expect(rouge("patients improved", "patient improves", isStemmed: true).rouge1.f1 == 1)
    }

    @Test("The bit-parallel length is the table's, across words of 64")
    func longTexts() {
        var generator = SeededGenerator(seed: 5)
        for (count, other) in [(1, 1), (63, 64), (64, 64), (65, 63), (200, 150), (300, 700)] {
            let one = (0..<count).map { _ in Int32(generator.index(below: 12)) }
            let two = (0..<other).map { _ in Int32(generator.index(below: 12)) }
            #expect(
                LongestCommonSubsequence.length(one, two) == LongestCommonSubsequence.indices(of: one, in: two).count)
        }
        let long = (0..<20_000).map { _ in Int32(generator.index(below: 4_000)) }
        #expect(LongestCommonSubsequence.length(long, long) == 20_000)
    }

    @Test("SQuAD: case, articles and punctuation do not count, the best accepted answer does")
    func squad() {
        #expect(SQuADScore("The Metformin, 500 mg!", accepted: ["metformin 500 mg"]).exactMatch == 1)
        let score = SQuADScore("metformin daily", accepted: ["aspirin", "metformin 500 mg"])
        #expect(score.exactMatch == 0 && abs(score.f1 - 0.4) < 1e-12)
        #expect(SQuADScore("x", accepted: []).f1 == 0)
    }

    @Test("The paper's EmrQA score: an answer equal to the gold text is far from 1, another far from 0")
    func characters() {
        let same = CharacterScore("Metformin 500 mg", gold: "metformin 500 mg")
        #expect(same.exactMatch == 1 && abs(same.f1 - 11.0 / 14) < 1e-12)
        let other = CharacterScore("no acute distress", gold: "metformin 500 mg")
        #expect(other.exactMatch == 0 && other.f1 > 0.3)
        #expect(CharacterScore("", gold: "").f1 == 1 && CharacterScore("!?", gold: "a").f1 == 0)
    }

    @Test("BERTScore: the best match of each token; the special tokens weigh nothing, and can be matched")
    func bertScore() {
        // Three directions: [CLS] along x, [SEP] along y.
        let candidate = TokenVectors(ids: [2, 7, 8, 3], values: [1, 0, 0, 0, 0, 2, 0, 3, 0, 0, 1, 0], dimension: 3)
        let reference = TokenVectors(ids: [2, 7, 3], values: [1, 0, 0, 0, 0, 5, 0, 1, 0], dimension: 3)
        let score = BERTScore().score(candidate, reference: reference)
        #expect(score.precision == 1 && score.recall == 1)
        let far = TokenVectors(ids: [2, 9, 3], values: [1, 0, 0, 0, 1, 1, 0, 1, 0], dimension: 3)
        let half = BERTScore().score(far, reference: reference)
        #expect(abs(half.precision - 0.5.squareRoot()) < 1e-6 && abs(half.recall - 0.5.squareRoot()) < 1e-6)
        let empty = TokenVectors(ids: [2, 3], values: [1, 0, 0, 0, 1, 0], dimension: 3)
        #expect(BERTScore().score(empty, reference: reference) == .zero)
        // With idf a token of every reference weighs nothing, so nothing is left to score here.
        let weighted = BERTScore(inverseDocumentFrequenciesOf: [reference.ids])
        #expect(weighted.score(reference, reference: reference) == .zero)
    }
}
