// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// Room for the operands of one group of adapters in a bfloat16 pass.
struct LowRankScratch {
    /// A [ranks, inputs] and B [outputs, ranks] side by side, or their gradients.
    let a: UnsafeMutablePointer<Float>
    let b: UnsafeMutablePointer<Float>
    /// A or B packed.
    let packed: UnsafeMutablePointer<UInt16>
    /// A product [N, ranks], and the same rounded.
    let product: UnsafeMutablePointer<Float>
    let rounded: UnsafeMutablePointer<UInt16>
    /// Inputs after dropout [N, widest input], if there is dropout.
    let dropped: UnsafeMutablePointer<UInt16>?

    init(_ c: LlamaConfiguration, rows: Int, rank: Int, drops: Bool, arena: Arena) throws(TensorError) {
        let ranks = 3 * rank
        let (inputs, outputs) = (Self.widestInput(c), BFloat16Pass.widest(c))
        a = try arena.take(ranks * inputs)
        b = try arena.take(ranks * outputs)
        packed = try arena.takeHalves(Self.packedSize(c, rank: rank))
        product = try arena.take(rows * ranks)
        rounded = try arena.takeHalves(rows * ranks)
        dropped = drops ? try arena.takeHalves(rows * inputs) : nil
    }

    /// Elements of `packed`.
    static func packedSize(_ c: LlamaConfiguration, rank: Int) -> Int {
        let (ranks, inputs, outputs) = (3 * rank, widestInput(c), BFloat16Pass.widest(c))
        return [(inputs, ranks), (ranks, inputs), (ranks, outputs), (outputs, ranks)]
            .map { PackedMatrix.size(depth: $0.0, columns: $0.1) }.reduce(0, max)
    }

    /// The widest input of a block's projections.
    static func widestInput(_ c: LlamaConfiguration) -> Int { max(c.hiddenSize, c.queryWidth, c.intermediateSize) }
}
