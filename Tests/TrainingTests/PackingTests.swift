// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Llama
import Testing

@testable import Training

@Suite("Samples are packed whole and in order, and isolation keeps them apart")
struct PackingTests {
    private let samples = [[1, 2, 3], [4, 5], [6, 7, 8, 9], [10, 11]].map { TokenSequence(ids: $0.map { Int32($0) }) }

    private func losses(_ packing: TrainingRecipe.Packing?) throws -> (rows: Int, loss: Double) {
        let recipe = try TinyRun.recipe {
            $0.packing = packing
            $0.sequenceLength = 6
            ($0.microBatch, $0.accumulation) = (8, 1)
            ($0.maxSteps, $0.epochs) = (1, nil)
        }
        var trainer = try Trainer(
            model: TinyRun.model(), recipe: recipe, dataset: TokenDataset(rows: samples))
        var rows = 0
        var loss = 0.0
        _ = try trainer.run(onEvent: { event in
            if case .started(let start) = event { rows = start.samples }
            if case .step(let report) = event { loss = report.loss }
        })
        return (rows, loss)
    }

    @Test("Isolated packing has the loss of unpacked samples, a plain stream another one")
    func isolation() throws {
        let unpacked = try losses(nil)
        let isolated = try losses(.isolated)
        let plain = try losses(.documents)
        #expect(unpacked.rows == 4 && isolated.rows == 2 && plain.rows == 2)
        #expect(abs(unpacked.loss - isolated.loss) < 1e-5)
        #expect(abs(unpacked.loss - plain.loss) > 1e-3)
    }

    @Test("A row is closed when the next sample does not fit")
    func rows() throws {
        let packing = try RowPacking(recipe: .isolated, dataset: nil)
        let packed = try packing.pack(TokenDataset(rows: samples), into: 6)
        #expect(try packed.sequence(0).ids == [1, 2, 3, 4, 5])
        #expect(try packed.sequence(0).segments == [0, 0, 0, 1, 1])
        #expect(try packed.sequence(1).ids == [6, 7, 8, 9, 10, 11])
        #expect(packed.count == 2)
    }

    @Test("What the dataset already is decides where the recipe says nothing")
    func defaults() throws {
        #expect(try RowPacking(recipe: nil, dataset: .documents).isolated == false)
        #expect(try RowPacking(recipe: nil, dataset: .isolated).isolated)
        #expect(try RowPacking(recipe: .isolated, dataset: .documents).packs == false)
        #expect(throws: TrainingError.self) { try RowPacking(recipe: TrainingRecipe.Packing.none, dataset: .documents) }
    }
}
