// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension LlamaBackward {
    /// Adds the gradients of A and B of a target, and that of its input to `dx` unless nil.
    ///
    /// With u = scale · x·Aᵀ kept by the forward pass: dB += dyᵀ·u, du = scale · dy·B, dA += duᵀ·x, dx += du·A.
    func lowRank(
        _ target: LoRATarget, _ layer: Int, _ a: BlockActivations<Float>, x: UnsafePointer<Float>,
        dy: UnsafePointer<Float>,
        stride: Int, into dx: UnsafeMutablePointer<Float>?
    ) {
        guard let adapter = pass.adapter, let weights = pass.lowRank, let gradients = dLowRank, let dReduced,
            let module = adapter.module(target, layer: layer), let reduced = pass.reduced(target, a)
        else { return }
        let rank = adapter.configuration.rank
        let (inputs, outputs) = (target.inputs(c), target.outputs(c))
        BLAS.gemm(true, false, outputs, rank, rows, 1, dy, stride, reduced, rank, 1, gradients + module.b, rank)
        BLAS.gemm(
            false, false, rows, rank, outputs, adapter.configuration.scale, dy, stride, weights + module.b, rank, 0,
            dReduced, rank)
        let source = pass.droppedOut(x, target, layer)
        BLAS.gemm(true, false, rank, inputs, rows, 1, dReduced, rank, source, inputs, 1, gradients + module.a, inputs)
        guard let dx else { return }
        guard let dropped = pass.dropped, let key = pass.dropoutKey(target, layer) else {
            BLAS.gemm(false, false, rows, inputs, rank, 1, dReduced, rank, weights + module.a, inputs, 1, dx, inputs)
            return
        }
        BLAS.gemm(false, false, rows, inputs, rank, 1, dReduced, rank, weights + module.a, inputs, 0, dropped, inputs)
        Kernels.dropout(
            dropped, into: dropped, count: rows * inputs, probability: Float(adapter.configuration.dropout), key: key)
        Kernels.add(dropped, into: dx, count: rows * inputs)
    }
}
