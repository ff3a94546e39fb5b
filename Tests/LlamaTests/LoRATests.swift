// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Tensors
import Testing

@Suite("A new adapter changes nothing, drops by seed, and merges")
struct LoRATests {
    private func fresh(dropout: Double, seed: UInt64 = 5) throws -> LlamaModel {
        let model = try GoldenModel.all[0].model()
        let configuration = try LoRAConfiguration(
            rank: 3, alpha: 6, dropout: dropout, targets: LoRATarget.allCases, rankStabilized: true)
        return try LlamaModel(
            model.weights, adapter: LoRAAdapter(random: configuration, for: model.configuration, seed: seed))
    }

    @Test("A is within ±1/√in, B zero, and a seed gives the same values")
    func initialisation() throws {
        let adapter = try #require(try fresh(dropout: 0).adapter)
        for entry in adapter.parameters.layout.entries {
            let values = try #require(adapter.parameters[entry.name]).values
            if entry.name.hasSuffix("lora_B.weight") {
                #expect(values.allSatisfy { $0 == 0 })
            } else {
                let bound = 1 / Float(entry.shape[1]).squareRoot()
                #expect(values.allSatisfy { abs($0) <= bound })
                #expect(values.contains { abs($0) > bound / 2 })
                #expect(Set(values).count > values.count / 2)
            }
        }
        let name = "model.layers.1.mlp.up_proj.lora_A.weight"
        let again = try fresh(dropout: 0).adapter?.parameters[name]?.values
        let other = try fresh(dropout: 0, seed: 6).adapter?.parameters[name]?.values
        #expect(adapter.parameters[name]?.values == again)
        #expect(again != other)
        #expect(abs(adapter.configuration.scale - 6 / Float(3).squareRoot()) < 1e-6)
    }

    @Test("logits with a new adapter are those of the model")
    func nothingChanges() throws {
        let model = try fresh(dropout: 0.5)
        let batch = try GoldenModel.all[0].batch()
        let base = try LlamaModel(model.weights).logits(batch)
        #expect(try model.logits(batch).values == base.values)
    }

    @Test("gradients with dropout are the derivative of the loss under the same masks", arguments: [false, true])
    func dropout(recompute: Bool) throws {
        var model = try GoldenModel.all[0].adapted()
        let trained = try #require(model.adapter)
        let configuration = try LoRAConfiguration(
            rank: trained.configuration.rank, alpha: trained.configuration.alpha, dropout: 0.4,
            targets: trained.configuration.targets)
        var adapter = try LoRAAdapter(zeros: configuration, for: model.configuration)
        adapter.parameters = trained.parameters
        model.adapter = adapter
        let batch = try GoldenModel.all[0].batch()
        var gradients = try LlamaGradients(for: model)
        let loss = try model.forwardBackward(
            batch, gradients: &gradients, scale: 1, dropoutSeed: 9, recompute: recompute)
        var ignored = try LlamaGradients(for: model)
        let same = try model.forwardBackward(batch, gradients: &ignored, scale: 1, dropoutSeed: 9)
        let other = try model.forwardBackward(batch, gradients: &ignored, scale: 1, dropoutSeed: 10)
        #expect(same == loss)
        #expect(other != loss)
        // Along one direction through all parameters: float32 losses allow about three digits.
        var generator = Xoshiro256(seed: 4)
        let direction = (0..<adapter.parameters.count).map { _ in Float(generator.nextUniform() - 0.5) }
        func lossMoved(by step: Float) throws -> Double {
            var moved = model
            moved.adapter?.parameters.withUnsafeMutableValues { values in
                for index in values.indices { values[index] += step * direction[index] }
            }
            return try moved.forwardBackward(batch, gradients: &ignored, scale: 1, dropoutSeed: 9)
                .negativeLogLikelihood
        }
        let step: Float = 1e-3
        let measured = (try lossMoved(by: step) - lossMoved(by: -step)) / (2 * Double(step))
        let predicted = gradients.parameters.withUnsafeValues { values in
            zip(values, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        #expect(abs(measured - predicted) < 0.01 * max(abs(predicted), 1))
        #expect(abs(predicted) > 0.1)
    }

    @Test("an adapter of other dimensions is refused")
    func otherModel() throws {
        let adapter = try #require(try GoldenModel.all[0].adapted().adapter)
        let weights = try GoldenModel.all[1].model().weights
        #expect(throws: LlamaError.self) { try LlamaModel(weights, adapter: adapter) }
        #expect(throws: LlamaError.self) { try adapter.merge(into: weights) }
    }

    @Test("settings out of range are refused")
    func settings() {
        #expect(throws: LlamaError.self) { try LoRAConfiguration(rank: 0, alpha: 1, targets: [.query]) }
        #expect(throws: LlamaError.self) { try LoRAConfiguration(rank: 1 << 40, alpha: 1, targets: [.query]) }
        #expect(throws: LlamaError.self) { try LoRAConfiguration(rank: 1, alpha: 0, targets: [.query]) }
        #expect(throws: LlamaError.self) { try LoRAConfiguration(rank: 1, alpha: .nan, targets: [.query]) }
        #expect(throws: LlamaError.self) { try LoRAConfiguration(rank: 1, alpha: 1, dropout: 1, targets: [.query]) }
        #expect(throws: LlamaError.self) { try LoRAConfiguration(rank: 1, alpha: 1, targets: []) }
    }
}
