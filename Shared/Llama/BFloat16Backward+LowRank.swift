// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension BFloat16Backward {
    // With u = scale · x·Aᵀ kept by the forward pass: dB += dyᵀ·u, du = scale · dy·B, dA += duᵀ·x, dx += du·A.

    /// Adds the gradients of B of the adapters on a projection; du and A, to be added with dy · W. Nil where there is no
    /// adapter, or where inputs are dropped and each adapter is computed by itself.
    func lowRankAddend(
        _ projection: Projection, _ layer: Int, _ a: BlockActivations<UInt16>, dy: UnsafePointer<UInt16>
    ) -> BFloat16Product.Addend? {
        guard pass.dropoutSeed == nil, let scratch = pass.lowRankScratch,
            let group = pass.lowRankGroups(layer, projection).first
        else { return nil }
        addOutputs(group, projection, a, dy: dy, scratch)
        return BFloat16Product.Addend(scratch.rounded, stride: group.ranks, packedA(group, scratch))
    }

    /// Adds the gradients of A, after `lowRankAddend` of the same projection.
    func addLowRankInputs(_ projection: Projection, _ layer: Int, x: UnsafePointer<UInt16>) {
        guard pass.dropoutSeed == nil, let scratch = pass.lowRankScratch,
            let group = pass.lowRankGroups(layer, projection).first
        else { return }
        addInputs(group, projection, layer, x: x, scratch)
    }

    /// The same where inputs are dropped, with the gradient of the input added to `dx` unless nil.
    func droppedLowRank(
        _ projection: Projection, _ layer: Int, _ a: BlockActivations<UInt16>, x: UnsafePointer<UInt16>,
        dy: UnsafePointer<UInt16>, into dx: UnsafeMutablePointer<Float>?
    ) {
        guard pass.dropoutSeed != nil, let scratch = pass.lowRankScratch, let adapter = pass.adapter else { return }
        for group in pass.lowRankGroups(layer, projection) {
            addOutputs(group, projection, a, dy: dy, scratch)
            addInputs(group, projection, layer, x: x, scratch)
            guard let dx, let key = pass.dropoutKey(group.members[0].target, layer) else { continue }
            BFloat16Product.multiply(
                scratch.rounded, stride: group.ranks, rows: rows, packedA(group, scratch), into: dDropped,
                stride: group.inputs)
            Kernels.dropout(
                dDropped, into: dDropped, count: rows * group.inputs,
                probability: Float(adapter.configuration.dropout), key: key)
            Kernels.add(dDropped, into: dx, count: rows * group.inputs)
        }
    }

    /// Adds the gradients of B, leaving du [N, ranks] in `scratch.rounded`.
    private func addOutputs(
        _ group: LowRankGroup, _ projection: Projection, _ a: BlockActivations<UInt16>, dy: UnsafePointer<UInt16>,
        _ scratch: LowRankScratch
    ) {
        guard let weights = pass.lowRank, let gradients = dLowRank, let adapter = pass.adapter,
            let reduced = pass.reduced(group, a)
        else { return }
        let (ranks, stride) = (group.ranks, outputStride(projection))
        BFloat16Product.multiplyTransposed(
            reduced, columns: ranks, depth: rows, dy + group.column, stride: stride, columns: group.outputs,
            into: scratch.b, scratch: left)
        group.addB(scratch.b, into: gradients)

        group.fillB(weights, into: scratch.b)
        let b = PackedMatrix(depth: group.outputs, columns: ranks, in: scratch.packed)
        b.pack(.rows, scratch.b, stride: ranks)
        BFloat16Product.multiply(
            dy + group.column, stride: stride, rows: rows, b, into: scratch.product, stride: ranks)
        Kernels.scale(scratch.product, by: adapter.configuration.scale, count: rows * ranks)
        Kernels.narrow(scratch.product, stride: ranks, into: scratch.rounded, stride: ranks, rows: rows, width: ranks)
    }

    /// Adds the gradients of A from du.
    private func addInputs(
        _ group: LowRankGroup, _ projection: Projection, _ layer: Int, x: UnsafePointer<UInt16>,
        _ scratch: LowRankScratch
    ) {
        guard let gradients = dLowRank else { return }
        BFloat16Product.multiplyTransposed(
            scratch.rounded, columns: group.ranks, depth: rows, pass.droppedOut(x, group, layer),
            stride: pass.inputStride(projection), columns: group.inputs, into: scratch.a, scratch: left)
        group.addA(scratch.a, into: gradients)
    }

    /// A of a group [ranks, inputs].
    private func packedA(_ group: LowRankGroup, _ scratch: LowRankScratch) -> PackedMatrix {
        if let weights = pass.lowRank { group.fillA(weights, into: scratch.a) }
        let a = PackedMatrix(depth: group.ranks, columns: group.inputs, in: scratch.packed)
        a.pack(.rows, scratch.a, stride: group.inputs)
        return a
    }
}
