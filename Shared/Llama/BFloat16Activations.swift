// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// What the bfloat16 forward pass of one block leaves behind for its backward pass; N is the number of tokens.
struct BFloat16Activations {
    /// The block's input [N, hidden].
    private(set) var input: UnsafeMutablePointer<Float>
    /// 1 / root mean square of the input rows [N].
    let inputInverse: UnsafeMutablePointer<Float>
    /// Queries and keys after rotation, and values, side by side [N, queryWidth + 2 · keyValueWidth].
    let queryKeyValue: UnsafeMutablePointer<UInt16>
    /// The heads' mixed values [N, queryWidth].
    let mixed: UnsafeMutablePointer<UInt16>
    /// The residual stream between attention and feed-forward [N, hidden].
    let middle: UnsafeMutablePointer<Float>
    /// 1 / root mean square of the middle rows [N].
    let middleInverse: UnsafeMutablePointer<Float>
    /// Gate and up side by side [N, 2 · intermediate].
    let gateUp: UnsafeMutablePointer<UInt16>
    /// scale · dropout(x)·Aᵀ of every target [N, rank], seven in a row; nil without an adapter.
    let lowRank: UnsafeMutablePointer<UInt16>?

    init(_ c: LlamaConfiguration, rows: Int, rank: Int?, arena: Arena) throws(TensorError) {
        input = try arena.take(rows * c.hiddenSize)
        inputInverse = try arena.take(rows)
        queryKeyValue = try arena.takeHalves(rows * (c.queryWidth + 2 * c.keyValueWidth))
        mixed = try arena.takeHalves(rows * c.queryWidth)
        middle = try arena.take(rows * c.hiddenSize)
        middleInverse = try arena.take(rows)
        gateUp = try arena.takeHalves(rows * 2 * c.intermediateSize)
        lowRank = if let rank { try arena.takeHalves(rows * rank * LoRATarget.allCases.count) } else { nil }
    }

    /// The same memory with another input: for blocks that share the rest.
    func replacingInput(by input: UnsafeMutablePointer<Float>) -> BFloat16Activations {
        var copy = self
        copy.input = input
        return copy
    }
}
