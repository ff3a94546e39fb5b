// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Generation
import Testing

@Suite("Scores sum the log-probabilities of given continuations")
struct LogLikelihoodTests {
    private typealias Request = ScoreRequest

    @Test("Sums, counts and greedy flags; one context is computed once for all its continuations")
    func scores() throws {
        let model = ScriptedModel.counting()
        let context = [Int32](repeating: 5, count: 20)
        let scores = try LogLikelihood(model: model).score([
            Request(contextIDs: context, continuationIDs: [6, 7, 8]),
            Request(contextIDs: context, continuationIDs: [6]),
            Request(contextIDs: context, continuationIDs: [7, 8]),
        ])
        let normalizer = log(exp(5.0) + 15)
        let expected = [3 * (5 - normalizer), 5 - normalizer, (0 - normalizer) + (5 - normalizer)]
        for (score, sum) in zip(scores, expected) { #expect(abs(score.logLikelihood - sum) < 1e-6) }
        #expect(scores.map(\.isGreedy) == [true, true, false])
        #expect(scores.map(\.tokenCount) == [3, 1, 2])
        #expect(model.tokensComputed == 20 + 2 + 1)
    }

    @Test("A long continuation is scored in pieces with the same result")
    func longContinuation() throws {
        let request = Request(contextIDs: [3, 4], continuationIDs: [5, 6, 7, 9, 10, 11, 12, 13])
        let model = ScriptedModel.counting()
        let whole = try LogLikelihood(model: model).score([request, request])
        var options = BatchOptions()
        options.tokensAlone = 3
        let pieces = try LogLikelihood(model: model, options: options).score([request, request])
        #expect(whole == pieces)
        #expect(whole[0].tokenCount == 8 && !whole[0].isGreedy)
    }

    @Test("An empty context is the begin-of-sequence id, and an error where there is none")
    func begin() throws {
        let request = Request(contextIDs: [], continuationIDs: [2, 3])
        #expect(try LogLikelihood(model: ScriptedModel.counting()).score([request])[0].isGreedy == true)
        let model = ScriptedModel(begin: nil) { _ in ScriptedModel.peak(at: 3) }
        #expect(throws: GenerationError.self) { try LogLikelihood(model: model).score([request]) }
    }

    @Test("A pair that fills the context is scored, one token more is refused with both lengths")
    func context() throws {
        let scorer = LogLikelihood(model: ScriptedModel.counting(contextLength: 6))
        #expect(
            try scorer.score([Request(contextIDs: [3, 4, 5], continuationIDs: [6, 7, 8, 9])])[0].isGreedy == true)
        let error = #expect(throws: GenerationError.self) {
            try scorer.score([Request(contextIDs: [3, 4, 5], continuationIDs: [6, 7, 8, 9, 10])])
        }
        #expect(error?.problem.contains("context of 3") == true && error?.problem.contains("continuation of 5") == true)
        #expect(throws: GenerationError.self) { try scorer.score([Request(contextIDs: [3], continuationIDs: [])]) }
        #expect(throws: GenerationError.self) { try scorer.score([Request(contextIDs: [3], continuationIDs: [16])]) }
    }
}
