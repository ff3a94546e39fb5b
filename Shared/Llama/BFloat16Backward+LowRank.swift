// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension BFloat16Backward {
    /// Adds the gradients of A and B of every adapter on a projection, and that of its input to `dx` unless nil.
    ///
    /// With u = scale · x·Aᵀ kept by the forward pass: dB += dyᵀ·u, du = scale · dy·B, dA += duᵀ·x, dx += du·A.
    func lowRank(
        _ projection: Projection, _ layer: Int, _ a: BFloat16Activations, x: UnsafePointer<UInt16>,
        dy: UnsafePointer<UInt16>, into dx: UnsafeMutablePointer<Float>?
    ) {
        guard let weights = pass.lowRank, let gradients = dLowRank, let scratch = pass.lowRankScratch,
            let adapter = pass.adapter
        else { return }
        for group in pass.lowRankGroups(layer, projection) {
            guard let reduced = pass.reduced(group, a) else { continue }
            let (ranks, stride) = (group.ranks, projection.outputs(c))
            let u = PackedMatrix(depth: rows, columns: ranks, in: right)
            u.pack(.rows, reduced, stride: ranks)
            scratch.b.update(repeating: 0, count: group.outputs * ranks)
            BFloat16Product.addTransposed(
                dy + group.column, stride: stride, columns: group.outputs, u, into: scratch.b, stride: ranks,
                scratch: left)
            group.addB(scratch.b, into: gradients)

            group.fillB(weights, into: scratch.b)
            let b = PackedMatrix(depth: group.outputs, columns: ranks, in: scratch.packed)
            b.pack(.rows, scratch.b, stride: ranks)
            BFloat16Product.multiply(
                dy + group.column, stride: stride, rows: rows, b, into: scratch.product, stride: ranks)
            Kernels.scale(scratch.product, by: adapter.configuration.scale, count: rows * ranks)
            Kernels.narrow(
                scratch.product, stride: ranks, into: scratch.rounded, stride: ranks, rows: rows, width: ranks)

            let source = PackedMatrix(depth: rows, columns: group.inputs, in: right)
            source.pack(.rows, pass.droppedOut(x, group, layer), stride: group.inputs)
            scratch.a.update(repeating: 0, count: group.inputs * ranks)
            BFloat16Product.addTransposed(
                scratch.rounded, stride: ranks, columns: ranks, source, into: scratch.a, stride: group.inputs,
                scratch: left)
            group.addA(scratch.a, into: gradients)
            if let dx { addInputGradient(group, layer, scratch, weights, into: dx) }
        }
    }

    /// dx += du·A, through the mask where inputs were dropped.
    private func addInputGradient(
        _ group: LowRankGroup, _ layer: Int, _ scratch: LowRankScratch, _ weights: UnsafePointer<Float>,
        into dx: UnsafeMutablePointer<Float>
    ) {
        group.fillA(weights, into: scratch.a)
        let a = PackedMatrix(depth: group.ranks, columns: group.inputs, in: scratch.packed)
        a.pack(.rows, scratch.a, stride: group.inputs)
        guard scratch.dropped != nil, let key = pass.dropoutKey(group.members[0].target, layer),
            let adapter = pass.adapter
        else {
            BFloat16Product.multiply(
                scratch.rounded, stride: group.ranks, rows: rows, a, into: dx, stride: group.inputs, accumulate: true)
            return
        }
        BFloat16Product.multiply(
            scratch.rounded, stride: group.ranks, rows: rows, a, into: dDropped, stride: group.inputs)
        Kernels.dropout(
            dDropped, into: dDropped, count: rows * group.inputs,
            probability: Float(adapter.configuration.dropout), key: key)
        Kernels.add(dDropped, into: dx, count: rows * group.inputs)
    }
}
