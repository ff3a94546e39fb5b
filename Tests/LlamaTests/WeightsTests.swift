// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Tensors
import Testing

@Suite("Weights have a published order, start from a seed, and are updated in place")
struct WeightsTests {
    private func configuration() throws -> LlamaConfiguration {
        try LlamaConfiguration(
            vocabularySize: 101, hiddenSize: 64, intermediateSize: 48, layerCount: 2, headCount: 4, keyValueHeadCount: 2
        )
    }

    @Test("names and shapes follow the model, and their sum is the parameter count")
    func order() throws {
        let configuration = try configuration()
        let entries = LlamaWeights.entries(of: configuration)
        #expect(entries.first?.name == "model.embed_tokens.weight")
        #expect(entries.last?.name == "lm_head.weight")
        #expect(entries.map(\.shape.count).reduce(0, +) == configuration.parameterCount)
        #expect(entries.first { $0.name == "model.layers.1.self_attn.k_proj.weight" }?.shape == [32, 64])
    }

    @Test("a seed gives normal weights of the right spread, norms 1, the same every time")
    func random() throws {
        let configuration = try configuration()
        let weights = try LlamaWeights(random: configuration, seed: 7)
        let table = try #require(weights["model.embed_tokens.weight"]).values
        let mean = table.reduce(0) { $0 + Double($1) } / Double(table.count)
        let deviation = (table.reduce(0) { $0 + Double($1) * Double($1) } / Double(table.count)).squareRoot()
        #expect(abs(mean) < 0.001)
        #expect(abs(deviation - 0.02) < 0.0005)
        #expect(weights["model.norm.weight"]?.values.allSatisfy { $0 == 1 } == true)
        let again = try LlamaWeights(random: configuration, seed: 7)
        let other = try LlamaWeights(random: configuration, seed: 8)
        #expect(again["model.embed_tokens.weight"]?.values == table)
        #expect(other["model.embed_tokens.weight"]?.values != table)
        #expect(weights["lm_head.weight"]?.values != table)
        // Pinned so that a seed keeps its meaning in later versions.
        #expect(table.prefix(3).map { ($0 * 1e6).rounded() } == [-6075, 16511, 9923])
    }

    @Test("the only holder writes in place; a shared copy is left as it was")
    func inPlace() throws {
        var model = try LlamaModel(LlamaWeights(random: configuration(), seed: 1))
        func address() -> UInt { model.weights.parameters.withUnsafeValues { UInt(bitPattern: $0.baseAddress) } }
        let before = address()
        model.weights.parameters.withUnsafeMutableValues { $0[0] = 4 }
        #expect(address() == before, "an update of the only holder must not copy the weights")
        let copy = model
        model.weights.parameters.withUnsafeMutableValues { $0[0] = 5 }
        #expect(copy.weights["model.embed_tokens.weight"]?.values[0] == 4)
        #expect(model.weights["model.embed_tokens.weight"]?.values[0] == 5)
    }
}
