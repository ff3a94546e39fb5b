// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// One computation whose matrix products take bfloat16 operands.
///
/// The residual stream, norms, softmax statistics and all sums stay in float32.
final class BFloat16Pass: TokenPass, ForwardPass {
    typealias Element = UInt16
    typealias Head = BFloat16Head

    let packed: PackedWeights
    /// A normalised stream [N, hidden].
    let normed: UnsafeMutablePointer<UInt16>
    /// The activated feed-forward rows [N, intermediate], in rows of `activatedStride`.
    let activated: UnsafeMutablePointer<UInt16>
    let activatedStride: Int
    /// A product on its way to bfloat16 [N, queries, keys and values]; where inputs are dropped [N, widest output].
    let wide: UnsafeMutablePointer<Float>
    /// Room for an adapter's operands, if there is one.
    let lowRankScratch: LowRankScratch?

    init(
        _ model: LlamaModel, packed: PackedWeights, weights: UnsafePointer<Float>, lowRank: UnsafePointer<Float>?,
        arena: Arena, ids: [Int32], positions: [Int32], attention: AttentionScope, dropoutSeed: UInt64?
    ) throws(LlamaError) {
        let (c, rows) = (model.configuration, ids.count)
        self.packed = packed
        let drops = dropoutSeed != nil && (model.adapter?.configuration.dropout ?? 0) > 0
        do {
            normed = try arena.takeHalves(rows * c.hiddenSize)
            activatedStride = drops ? c.intermediateSize : Self.apart(c.intermediateSize)
            activated = try arena.takeHalves(rows * activatedStride)
            wide = try arena.take(rows * Self.wide(c, drops: drops))
            lowRankScratch =
                if let rank = model.adapter?.configuration.rank {
                    try LowRankScratch(c, rows: rows, rank: rank, drops: drops, arena: arena)
                } else { nil }
        } catch { throw Self.outOfMemory(error) }
        try super.init(
            model, weights: weights, lowRank: lowRank, arena: arena, ids: ids, positions: positions,
            attention: attention, dropoutSeed: dropoutSeed)
    }

    /// The widest output of a block's projections.
    static func widest(_ c: LlamaConfiguration) -> Int {
        max(c.queryWidth + 2 * c.keyValueWidth, 2 * c.intermediateSize)
    }

    /// A row's width, or a little more where rows would lie a multiple of 2,048 bytes apart: those of a tile would compete
    /// for a few sets of the first-level cache.
    static func apart(_ width: Int) -> Int { width * MemoryLayout<UInt16>.stride % 2048 == 0 ? width + 32 : width }

    /// Elements from row to row of a projection's input.
    func inputStride(_ projection: Projection) -> Int {
        projection == .down ? activatedStride : projection.inputs(c)
    }

    /// The width of `wide`.
    static func wide(_ c: LlamaConfiguration, drops: Bool) -> Int {
        drops ? widest(c) : c.queryWidth + 2 * c.keyValueWidth
    }

    /// 16-bit scratch for the rest of the call.
    func takeHalves(_ count: Int) throws(LlamaError) -> UnsafeMutablePointer<UInt16> {
        do { return try arena.takeHalves(count) } catch { throw Self.outOfMemory(error) }
    }

    /// One block from `a.input` to `output` [N, hidden], leaving in `a` what its backward pass needs; nil for those
    /// activations alone.
    func block(
        _ layer: Int, _ a: BlockActivations<UInt16>, into output: UnsafeMutablePointer<Float>?
    ) throws(LlamaError) {
        let w = layout.blocks[layer]
        norm(a.input, w.inputNorm, a.inputInverse)
        project(normed, .queryKeyValue, layer, a, into: .floats(wide, stride: qkvWidth))
        try attend(wide, a)
        project(a.mixed, .output, layer, a, into: .floats(a.middle, stride: c.hiddenSize, onto: a.input))

        norm(a.middle, w.postNorm, a.middleInverse)
        if dropoutSeed == nil {
            project(normed, .gateUp, layer, a, into: .halves(a.gateUp, stride: 2 * c.intermediateSize))
        } else {
            // Adapters behind a mask are added one by one before anything is rounded.
            project(normed, .gateUp, layer, a, into: .floats(wide, stride: 2 * c.intermediateSize))
            Kernels.narrow(
                wide, stride: 2 * c.intermediateSize, into: a.gateUp, stride: 2 * c.intermediateSize, rows: rows,
                width: 2 * c.intermediateSize)
        }
        guard output != nil || adapter?.module(.down, layer: layer) != nil else { return }
        Kernels.swiglu(a.gateUp, into: activated, stride: activatedStride, rows: rows, width: c.intermediateSize)
        if let output {
            project(activated, .down, layer, a, into: .floats(output, stride: c.hiddenSize, onto: a.middle))
        } else {
            reduceLowRank(.down, layer, a, activated)
        }
    }

    /// Logits [rows, vocabulary] of normalised rows.
    func head(_ x: UnsafePointer<UInt16>, rows: Int, into logits: UnsafeMutablePointer<Float>) {
        BFloat16Product.multiply(
            x, stride: c.hiddenSize, rows: rows, packed.forwardHead, into: logits, stride: c.vocabularySize)
    }

    /// The norm of `x` into `normed`.
    func norm(_ x: UnsafePointer<Float>, _ weight: Int, _ inverse: UnsafeMutablePointer<Float>) {
        Kernels.rmsNorm(
            x, weight: weights + weight, into: normed, inverse: inverse, rows: rows, width: c.hiddenSize,
            epsilon: c.rmsNormEpsilon)
    }

    private func project(
        _ x: UnsafePointer<UInt16>, _ projection: Projection, _ layer: Int, _ a: BlockActivations<UInt16>,
        into result: BFloat16Product.Result
    ) {
        BFloat16Product.multiply(
            x, stride: inputStride(projection), rows: rows, packed.forward(layer, projection), into: result,
            adding: lowRankAddend(projection, layer, a, x))
        if case .floats(let y, _, _) = result { addDroppedLowRank(projection, layer, a, x, into: y) }
    }
}
