// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Tensors

/// Small models that answer, and what tests ask of them.
enum ServedModels {
    /// Two key heads of two query heads each, a width of head and of feed-forward that are no whole panels.
    static func configuration(tied: Bool = false, maxPositions: Int = 512) throws -> LlamaConfiguration {
        try LlamaConfiguration(
            vocabularySize: 101, hiddenSize: 96, intermediateSize: 160, layerCount: 2, headCount: 4,
            keyValueHeadCount: 2, headDimension: 24, maxPositions: maxPositions, rmsNormEpsilon: 1e-5,
            tieWordEmbeddings: tied, initializerRange: 0.08)
    }

    static func served(
        _ format: PanelFormat, tied: Bool = false, pages: Int = 200, maxPositions: Int = 512
    ) throws -> ServedLlama {
        let configuration = try configuration(tied: tied, maxPositions: maxPositions)
        let weights = try LlamaWeights(random: configuration, seed: 7)
        return try ServedLlama(
            MemoryWeights(weights), format: format, cacheBytes: pages * pageBytes(configuration, format))
    }

    static func pageBytes(_ c: LlamaConfiguration, _ format: PanelFormat) -> Int {
        let elements = c.layerCount * c.keyValueHeadCount * 32 * (c.headDimension + (c.headDimension + 31) / 32 * 32)
        return elements * (format == .float32 ? 4 : 2)
    }

    /// The weights as a quantised format keeps them, in float32.
    static func rounded(_ weights: LlamaWeights, _ format: PanelFormat) -> LlamaWeights {
        var rounded = weights
        rounded.parameters.withUnsafeMutableValues { all in
            guard let base = all.baseAddress else { return }
            for entry in weights.entries where entry.shape.rank == 2 {
                let isOuter = entry.name.hasPrefix("model.embed") || entry.name.hasPrefix("lm_head")
                guard let blocks = isOuter && format == .q4 ? .q8 : format.blocks else { continue }
                var bytes = [UInt8](repeating: 0, count: blocks.size(entry.shape.count))
                blocks.quantize(base + entry.offset, count: entry.shape.count, into: &bytes)
                blocks.dequantize(bytes, count: entry.shape.count, into: base + entry.offset)
            }
        }
        return rounded
    }

    static func adapter(_ c: LlamaConfiguration, seed: UInt64, targets: [LoRATarget]) throws -> LoRAAdapter {
        let settings = try LoRAConfiguration(rank: 3, alpha: 5, targets: targets)
        var adapter = try LoRAAdapter(random: settings, for: c, seed: seed)
        adapter.parameters.withUnsafeMutableValues { values in
            var generator = Xoshiro256(seed: seed)
            generator.fillNormal(values, deviation: 0.1)
        }
        return adapter
    }

    static func tokens(_ count: Int, seed: Int = 1) -> [Int32] {
        (0..<count).map { Int32(($0 * 37 + seed * 11) % 101) }
    }

    /// Logits of all tokens, computed in pieces of `size`.
    static func logits(
        _ model: ServedLlama, _ tokens: [Int32], pieces size: Int, adapter: ServedAdapter? = nil
    ) throws -> [Float] {
        let cache = model.makeCache()
        var result: [Float] = []
        for start in stride(from: 0, to: tokens.count, by: size) {
            let part = Array(tokens[start..<min(tokens.count, start + size)])
            result += try model.extend([
                ServedStep(tokens: part, cache: cache, adapter: adapter, logits: .all)
            ]).values
        }
        return result
    }
}
