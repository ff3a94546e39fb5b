// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Testing

@Suite("A batch shifts its labels inside documents and refuses what does not fit")
struct TokenBatchTests {
    @Test("labels move by one, not across a seam, and −100 stays uncounted")
    func shift() throws {
        let batch = try TokenBatch(
            rows: [[5, 6, 7, 8], [9]], labels: [[-100, 6, 7, 8], [9]], segments: [[0, 0, 4, 4], [0]])
        #expect(batch.targets == [6, -100, 8, -100, -100])
        #expect(batch.positions == [0, 1, 0, 1, 0])
        #expect(batch.targetCount == 2)
        #expect(batch.tokenCount == 5 && batch.rowCount == 2 && batch.columnCount == 4)
        let stream = try TokenBatch(rows: [[5, 6, 7, 8]])
        #expect(stream.targets == [6, 7, 8, -100])
    }

    @Test("lists of different lengths, no rows, empty rows, interleaved documents")
    func refusals() {
        #expect(throws: LlamaError.self) { try TokenBatch(rows: []) }
        #expect(throws: LlamaError.self) { try TokenBatch(rows: [[1], []]) }
        #expect(throws: LlamaError.self) { try TokenBatch(rows: [[1, 2]], labels: [[1]]) }
        #expect(throws: LlamaError.self) { try TokenBatch(rows: [[1, 2]], labels: []) }
        #expect(throws: LlamaError.self) { try TokenBatch(rows: [[1, 2]], positions: [[0, 1, 2]]) }
        #expect(throws: LlamaError.self) { try TokenBatch(rows: [[1, 2, 3]], segments: [[0, 1, 0]]) }
        #expect(throws: LlamaError.self) { try TokenBatch(padded: [[1, 2]], lengths: [3]) }
    }

    @Test("ids, labels and positions outside the model are refused before anything is computed")
    func outside() throws {
        let model = try GoldenModel.all[0].model()
        for batch in [
            try TokenBatch(rows: [[1, 19]]), try TokenBatch(rows: [[-1, 2]]),
            try TokenBatch(rows: [[1, 2]], labels: [[1, 19]]), try TokenBatch(rows: [[1, 2]], labels: [[1, -7]]),
            try TokenBatch(rows: [[1, 2]], positions: [[0, 32]]),
            try TokenBatch(rows: [[1, 2]], positions: [[-1, 0]]),
            try TokenBatch(rows: [[Int32](repeating: 1, count: 33)]),
        ] {
            #expect(throws: LlamaError.self) { try model.loss(batch) }
            #expect(throws: LlamaError.self) { try model.logits(batch) }
        }
    }

    @Test("a batch without targets has no loss and no gradient")
    func noTargets() throws {
        let model = try GoldenModel.all[0].model()
        let batch = try TokenBatch(rows: [[1, 2, 3]], labels: [[-100, -100, -100]])
        var gradients = try LlamaGradients(for: model)
        let loss = try model.forwardBackward(batch, gradients: &gradients, scale: 1)
        #expect(loss.targetCount == 0 && loss.negativeLogLikelihood == 0 && gradients.norm == 0)
    }
}
