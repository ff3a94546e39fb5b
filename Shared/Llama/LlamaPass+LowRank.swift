// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension LlamaPass {
    /// Where scale · dropout(x)·Aᵀ of a target is kept [N, rank].
    func reduced(_ target: LoRATarget, _ a: BlockActivations<Float>) -> UnsafeMutablePointer<Float>? {
        guard let adapter else { return nil }
        return a.lowRank.map { $0 + target.index * rows * adapter.configuration.rank }
    }

    /// Adds scale · dropout(x)·Aᵀ·Bᵀ to `y` if the target carries an adapter.
    func addLowRank(
        _ target: LoRATarget, _ layer: Int, _ a: BlockActivations<Float>, _ x: UnsafePointer<Float>,
        into y: UnsafeMutablePointer<Float>, stride: Int
    ) {
        guard let adapter, let lowRank, let module = adapter.module(target, layer: layer),
            let reduced = reduced(target, a)
        else { return }
        let rank = adapter.configuration.rank
        reduce(target, layer, x, module, into: reduced)
        BLAS.linear(
            reduced, stride: rank, rows: rows, lowRank + module.b, out: target.outputs(c), in: rank, into: y,
            stride: stride, accumulate: true)
    }

    /// What `addLowRank` keeps for the down projection, without adding anything: for recomputed activations.
    func reduceDown(_ layer: Int, _ a: BlockActivations<Float>) {
        guard let adapter, let module = adapter.module(.down, layer: layer), let reduced = reduced(.down, a) else {
            return
        }
        Kernels.swiglu(
            gateUp: a.gateUp, stride: 2 * c.intermediateSize, into: activated, rows: rows, width: c.intermediateSize)
        reduce(.down, layer, activated, module, into: reduced)
    }

    /// scale · dropout(x)·Aᵀ [N, rank].
    private func reduce(
        _ target: LoRATarget, _ layer: Int, _ x: UnsafePointer<Float>, _ module: LoRAAdapter.Module,
        into reduced: UnsafeMutablePointer<Float>
    ) {
        guard let adapter, let lowRank else { return }
        let (rank, inputs) = (adapter.configuration.rank, target.inputs(c))
        BLAS.linear(
            droppedOut(x, target, layer), stride: inputs, rows: rows, lowRank + module.a, out: rank, in: inputs,
            into: reduced, stride: rank)
        Kernels.scale(reduced, by: adapter.configuration.scale, count: rows * rank)
    }

    /// x, or x with this target's dropout mask applied.
    func droppedOut(_ x: UnsafePointer<Float>, _ target: LoRATarget, _ layer: Int) -> UnsafePointer<Float> {
        guard let dropped, let key = dropoutKey(target, layer), let adapter else { return x }
        Kernels.dropout(
            x, into: dropped, count: rows * target.inputs(c),
            probability: Float(adapter.configuration.dropout), key: key)
        return UnsafePointer(dropped)
    }
}
