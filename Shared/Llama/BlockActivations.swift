// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// What the forward pass of one block leaves behind for its backward pass, in float32 or, where products take bfloat16
/// operands, in bfloat16 (`UInt16`) but for the residual stream; N is the number of tokens.
struct BlockActivations<Element: BitwiseCopyable> {
    /// The block's input [N, hidden].
    private(set) var input: UnsafeMutablePointer<Float>
    /// 1 / root mean square of the input rows [N].
    let inputInverse: UnsafeMutablePointer<Float>
    /// Queries and keys after rotation, and values, side by side [N, queryWidth + 2 · keyValueWidth].
    let queryKeyValue: UnsafeMutablePointer<Element>
    /// The heads' mixed values [N, queryWidth].
    let mixed: UnsafeMutablePointer<Element>
    /// The residual stream between attention and feed-forward [N, hidden].
    let middle: UnsafeMutablePointer<Float>
    /// 1 / root mean square of the middle rows [N].
    let middleInverse: UnsafeMutablePointer<Float>
    /// Gate and up side by side [N, 2 · intermediate].
    let gateUp: UnsafeMutablePointer<Element>
    /// scale · dropout(x)·Aᵀ of every target [N, rank], seven in a row; nil without an adapter.
    let lowRank: UnsafeMutablePointer<Element>?

    init(_ c: LlamaConfiguration, rows: Int, rank: Int?, arena: Arena) throws(TensorError) {
        input = try arena.take(rows * c.hiddenSize)
        inputInverse = try arena.take(rows)
        queryKeyValue = try arena.take(rows * (c.queryWidth + 2 * c.keyValueWidth), of: Element.self)
        mixed = try arena.take(rows * c.queryWidth, of: Element.self)
        middle = try arena.take(rows * c.hiddenSize)
        middleInverse = try arena.take(rows)
        gateUp = try arena.take(rows * 2 * c.intermediateSize, of: Element.self)
        lowRank =
            if let rank { try arena.take(rows * rank * LoRATarget.allCases.count, of: Element.self) } else { nil }
    }

    /// The same memory with another input: for blocks that share the rest.
    func replacingInput(by input: UnsafeMutablePointer<Float>) -> BlockActivations {
        var copy = self
        copy.input = input
        return copy
    }
}
