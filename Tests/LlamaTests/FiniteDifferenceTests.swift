// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing

@testable import Llama

@Suite("Gradients are the differences of a float64 forward pass")
struct FiniteDifferenceTests {
    enum Trained: CaseIterable, Sendable {
        case weights, tiedWeights, adapter, adapterWithDropout
    }

    private static let dropoutSeed: UInt64 = 77

    private func model(_ trained: Trained) throws -> LlamaModel {
        let configuration = try LlamaConfiguration(
            vocabularySize: 13, hiddenSize: 8, intermediateSize: 10, layerCount: 2, headCount: 4, keyValueHeadCount: 2,
            headDimension: 4, maxPositions: 32, rmsNormEpsilon: 1e-3, ropeTheta: 50,
            tieWordEmbeddings: trained == .tiedWeights, initializerRange: 0.5)
        var weights = try LlamaWeights(random: configuration, seed: 3)
        var generator = Xoshiro256(seed: 4)
        weights.parameters.withUnsafeMutableValues { values in
            for index in values.indices { values[index] += Float(generator.nextUniform() - 0.5) * 0.2 }
        }
        guard trained == .adapter || trained == .adapterWithDropout else { return try LlamaModel(weights) }
        var adapter = try LoRAAdapter(
            zeros: LoRAConfiguration(
                rank: 2, alpha: 3, dropout: trained == .adapterWithDropout ? 0.4 : 0, targets: LoRATarget.allCases),
            for: configuration)
        adapter.parameters.withUnsafeMutableValues { values in
            for index in values.indices { values[index] = Float(generator.nextUniform() - 0.5) }
        }
        return try LlamaModel(weights, adapter: adapter)
    }

    /// Two documents in one row, a second row, and tokens that are no target.
    private func batch() throws -> TokenBatch {
        try TokenBatch(
            rows: [[1, 5, 7, 2, 12, 3, 3], [4, 9, 0, 1]],
            labels: [[-100, 5, 7, 2, 12, 3, 3], [4, 9, -100, 1]], segments: [[0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 0]])
    }

    private func reference(_ model: LlamaModel, _ batch: TokenBatch) -> ReferenceLlama {
        var reference = ReferenceLlama(model, batch)
        guard let adapter = model.adapter, adapter.configuration.dropout > 0 else { return reference }
        for layer in 0..<model.configuration.layerCount {
            for target in LoRATarget.allCases {
                let module = UInt64(layer * LoRATarget.allCases.count + target.index + 1)
                let key = Xoshiro256.mix(Self.dropoutSeed &+ module &* 0x9e37_79b9_7f4a_7c15)
                var mask = [Float](repeating: 1, count: batch.tokenCount * target.inputs(model.configuration))
                let ones = mask
                Kernels.dropout(
                    ones, into: &mask, count: mask.count, probability: Float(adapter.configuration.dropout), key: key)
                reference.masks["model.layers.\(layer).\(target.modulePath)"] = mask.map(Double.init)
            }
        }
        return reference
    }

    @Test("by every parameter, kept or recomputed", arguments: Trained.allCases)
    func everyParameter(_ trained: Trained) throws {
        let model = try model(trained)
        let batch = try batch()
        var reference = reference(model, batch)
        let seed = trained == .adapterWithDropout ? Self.dropoutSeed : nil
        var gradients = try LlamaGradients(for: model)
        let loss = try model.forwardBackward(batch, gradients: &gradients, scale: 1, dropoutSeed: seed)
        #expect(abs(loss.negativeLogLikelihood - reference.loss()) < 1e-4)
        var again = try LlamaGradients(for: model)
        _ = try model.forwardBackward(batch, gradients: &again, scale: 1, dropoutSeed: seed, recompute: true)
        let step = 1e-5
        for entry in gradients.parameters.layout.entries {
            let got = try #require(gradients.parameters[entry.name]).values
            let values = try #require(reference.values[entry.name])
            var want = values
            for index in values.indices {
                reference.values[entry.name]?[index] = values[index] + step
                let above = reference.loss()
                reference.values[entry.name]?[index] = values[index] - step
                want[index] = (above - reference.loss()) / (2 * step)
                reference.values[entry.name]?[index] = values[index]
            }
            #expect(relativeDifference(got, want.map { Float($0) }) < 1e-5, "\(entry.name)")
            #expect(relativeDifference(try #require(again.parameters[entry.name]).values, got) < 1e-6)
        }
    }
}
