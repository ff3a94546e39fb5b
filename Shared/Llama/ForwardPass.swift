// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The forward pass of one precision; what is the same in all is here.
protocol ForwardPass: TokenPass {
    /// What activations are kept in.
    associatedtype Element: BitwiseCopyable
    /// The products at the end of the model.
    associatedtype Head: HeadProducts where Head.Pass == Self

    /// One block from `a.input` to `output` [N, hidden], leaving in `a` what its backward pass needs; nil for those
    /// activations alone.
    func block(
        _ layer: Int, _ a: BlockActivations<Element>, into output: UnsafeMutablePointer<Float>?
    ) throws(LlamaError)
}

extension ForwardPass {
    /// Memory for one block's activations.
    func activations() throws(LlamaError) -> BlockActivations<Element> {
        do {
            return try BlockActivations(c, rows: rows, rank: adapter?.configuration.rank, arena: arena)
        } catch { throw Self.outOfMemory(error) }
    }

    /// All blocks with one set of activations, for passes without gradients; the final stream replaces `a.input`.
    func blocks(_ a: BlockActivations<Element>, each: (Int) -> Void = { _ in }) throws(LlamaError) {
        for layer in 0..<c.layerCount {
            try block(layer, a, into: a.input)
            each(layer)
        }
    }

    /// The negative log-likelihood of every target of the batch, without gradients.
    func targetLosses(_ batch: TokenBatch) throws(LlamaError) -> [Double] {
        let a = try activations()
        embed(into: a.input)
        try blocks(a)
        return try HeadLoss(self, batch).run(a.input, backward: nil)
    }
}
