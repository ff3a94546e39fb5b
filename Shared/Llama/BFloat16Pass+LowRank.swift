// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension BFloat16Pass {
    /// Where scale · dropout(x)·Aᵀ of a group is kept [N, ranks].
    func reduced(_ group: LowRankGroup, _ a: BlockActivations<UInt16>) -> UnsafeMutablePointer<UInt16>? {
        a.lowRank.map { $0 + group.members[0].target.index * rows * group.rank }
    }

    /// scale · x·Aᵀ and Bᵀ of the adapters on a projection, to be added with its own product; nil where there is none,
    /// or where inputs are dropped and each adapter is added by itself.
    func lowRankAddend(
        _ projection: Projection, _ layer: Int, _ a: BlockActivations<UInt16>, _ x: UnsafePointer<UInt16>
    ) -> BFloat16Product.Addend? {
        guard dropoutSeed == nil, let scratch = lowRankScratch,
            let group = lowRankGroups(layer, projection).first, let reduced = reduced(group, a)
        else { return nil }
        reduce(group, projection, layer, x, scratch, into: reduced)
        return BFloat16Product.Addend(reduced, stride: group.ranks, transposedB(group, scratch))
    }

    /// Adds scale · dropout(x)·Aᵀ·Bᵀ to `y`, the output of a projection, for every adapter on it.
    func addDroppedLowRank(
        _ projection: Projection, _ layer: Int, _ a: BlockActivations<UInt16>, _ x: UnsafePointer<UInt16>,
        into y: UnsafeMutablePointer<Float>
    ) {
        guard dropoutSeed != nil, let scratch = lowRankScratch else { return }
        for group in lowRankGroups(layer, projection) {
            guard let reduced = reduced(group, a) else { continue }
            reduce(group, projection, layer, x, scratch, into: reduced)
            BFloat16Product.multiply(
                reduced, stride: group.ranks, rows: rows, transposedB(group, scratch), into: y + group.column,
                stride: projection.outputs(c), accumulate: true)
        }
    }

    /// Bᵀ of a group [ranks, outputs].
    private func transposedB(_ group: LowRankGroup, _ scratch: LowRankScratch) -> PackedMatrix {
        if let lowRank { group.fillB(lowRank, into: scratch.b) }
        let b = PackedMatrix(depth: group.ranks, columns: group.outputs, in: scratch.packed)
        b.pack(.columns, scratch.b, stride: group.ranks)
        return b
    }

    /// What the forward pass keeps, without adding anything: for recomputed activations.
    func reduceLowRank(
        _ projection: Projection, _ layer: Int, _ a: BlockActivations<UInt16>, _ x: UnsafePointer<UInt16>
    ) {
        guard let scratch = lowRankScratch else { return }
        for group in lowRankGroups(layer, projection) {
            if let reduced = reduced(group, a) { reduce(group, projection, layer, x, scratch, into: reduced) }
        }
    }

    /// scale · dropout(x)·Aᵀ [N, ranks].
    private func reduce(
        _ group: LowRankGroup, _ projection: Projection, _ layer: Int, _ x: UnsafePointer<UInt16>,
        _ scratch: LowRankScratch, into reduced: UnsafeMutablePointer<UInt16>
    ) {
        guard let lowRank, let adapter else { return }
        group.fillA(lowRank, into: scratch.a)
        let a = PackedMatrix(depth: group.inputs, columns: group.ranks, in: scratch.packed)
        a.pack(.columns, scratch.a, stride: group.inputs)
        BFloat16Product.multiply(
            droppedOut(x, group, layer), stride: inputStride(projection), rows: rows, a, into: scratch.product,
            stride: group.ranks)
        Kernels.scale(scratch.product, by: adapter.configuration.scale, count: rows * group.ranks)
        Kernels.narrow(
            scratch.product, stride: group.ranks, into: reduced, stride: group.ranks, rows: rows, width: group.ranks)
    }

    /// x, or x with the mask of the group's one target applied.
    func droppedOut(_ x: UnsafePointer<UInt16>, _ group: LowRankGroup, _ layer: Int) -> UnsafePointer<UInt16> {
        guard let dropped = lowRankScratch?.dropped, let adapter,
            let key = dropoutKey(group.members[0].target, layer)
        else { return x }
        Kernels.dropout(
            x, into: dropped, count: rows * group.inputs, probability: Float(adapter.configuration.dropout), key: key)
        return UnsafePointer(dropped)
    }
}
