// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Foundation
import Llama
import Testing
import Training

@Suite("Perplexity adds up over rows and domains")
struct PerplexityTests {
    @Test("Domains add up to the total, and the total is the model's own loss")
    func domains() throws {
        let model = try TinyRun.model()
        let rows = try (0..<12).map { index in
            var row = try TinyRun.dataset().sequence(index)
            row.domain = index < 5 ? .biomedical : index < 9 ? .clinical : nil
            row.textBytes = 10 + index
            return row
        }
        let result = try #require(try Perplexity.evaluate(model, TokenDataset(rows: rows)))
        let loss = try model.loss(TokenBatch(rows: rows.map(\.ids), labels: rows.map(\.labels)))
        #expect(result.total.tokens == loss.targetCount)
        #expect(abs(result.total.negativeLogLikelihood - loss.negativeLogLikelihood) < 1e-3)
        #expect(abs(result.total.perplexity - exp(loss.mean)) < 1e-3)
        #expect(result.total.bytes == (0..<12).reduce(0) { $0 + 10 + $1 })
        let rest = try #require(try Perplexity.evaluate(model, TokenDataset(rows: Array(rows[9...])))).total
        #expect(try Perplexity.evaluate(model, TokenDataset(rows: rows), isCancelled: { true }) == nil)
        let parts = [try #require(result.domains[.biomedical]), try #require(result.domains[.clinical]), rest]
        #expect(Set(result.domains.keys) == [.biomedical, .clinical])
        #expect(parts.reduce(0) { $0 + $1.tokens } == result.total.tokens)
        let sum = parts.reduce(0) { $0 + $1.negativeLogLikelihood }
        #expect(abs(sum - result.total.negativeLogLikelihood) < 1e-3)
    }

    @Test("Bits per byte are nats over bytes and ln 2, and unknown without bytes")
    func bits() {
        let known = PerplexityResult(negativeLogLikelihood: 8 * log(2), tokens: 2, bytes: 4)
        #expect(abs((known.bitsPerByte ?? 0) - 2) < 1e-12)
        #expect(abs(known.perplexity - 16) < 1e-9)
        #expect(PerplexityResult(negativeLogLikelihood: 1, tokens: 1, bytes: nil).bitsPerByte == nil)
    }
}
