// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Tensors

/// In what precision a model is served, and how much memory it gets.
struct ServingPlan {
    /// That of the stored weights: what was rounded by its maker is not made larger, what was not is not rounded.
    let format: PanelFormat
    /// For keys and values: a quarter of what the weights leave of the budget, at least one whole context where there is
    /// room for it, and no more than 32 of them.
    let cacheBytes: Int
    /// Weights, about, and keys and values.
    let bytes: Int

    init(_ source: some WeightSource, budget: Int) throws {
        let c = source.configuration
        let query = try source.type(
            of: "model.layers.0.self_attn.q_proj.weight", rows: c.queryWidth, columns: c.hiddenSize)
        let bitsPerWeight: Int
        switch query {
        case .numbers(.bfloat16): (format, bitsPerWeight) = (.bfloat16, 16)
        case .numbers: (format, bitsPerWeight) = (.float32, 32)
        case .blocks(.q8): (format, bitsPerWeight) = (.q8, 9)
        case .blocks(.q4): (format, bitsPerWeight) = (.q4, 5)
        }
        let weights = c.parameterCount / 8 * bitsPerWeight
        let page = KeyValuePool.pageBytes(c, isHalf: format != .float32)
        let context = (c.maxPositions + KeyValuePool.tokensPerPage - 1) / KeyValuePool.tokensPerPage * page
        let rest = budget - weights
        cacheBytes = max(page, min(rest, max(min(rest / 4, 32 * context), context)))
        bytes = weights + cacheBytes
    }
}
