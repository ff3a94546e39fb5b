// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// One computation in float32.
final class LlamaPass: TokenPass, ForwardPass {
    typealias Element = Float
    typealias Head = LlamaHead

    /// A normalised stream [N, hidden].
    let normed: UnsafeMutablePointer<Float>
    /// The activated feed-forward rows [N, intermediate].
    let activated: UnsafeMutablePointer<Float>
    /// Where parts of matrices are widened that are not float32.
    let widened: UnsafeMutablePointer<Float>?
    /// Inputs after dropout [N, widest input], if there is dropout.
    let dropped: UnsafeMutablePointer<Float>?

    override init(
        _ model: LlamaModel, weights: UnsafePointer<Float>, lowRank: UnsafePointer<Float>?, arena: Arena,
        ids: [Int32], positions: [Int32], attention: AttentionScope, dropoutSeed: UInt64?
    ) throws(LlamaError) {
        let (c, rows) = (model.configuration, ids.count)
        let drops = dropoutSeed != nil && (model.adapter?.configuration.dropout ?? 0) > 0
        do {
            normed = try arena.take(rows * c.hiddenSize)
            activated = try arena.take(rows * c.intermediateSize)
            widened =
                if model.weights.stored != nil {
                    try arena.take(BLAS.storedScratch(depth: Self.deepest(c)))
                } else { nil }
            dropped =
                drops ? try arena.take(rows * max(c.hiddenSize, c.queryWidth, c.intermediateSize)) : nil
        } catch { throw Self.outOfMemory(error) }
        try super.init(
            model, weights: weights, lowRank: lowRank, arena: arena, ids: ids, positions: positions,
            attention: attention, dropoutSeed: dropoutSeed)
    }
}
