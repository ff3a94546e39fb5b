// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// Adapters that read the same rows and so share their products: those of q, k and v, of gate and up. Where inputs are
/// dropped each target has its own mask, and a group of its own.
struct LowRankGroup {
    struct Member {
        let target: LoRATarget
        let module: LoRAAdapter.Module
        /// Its first column among the group's outputs.
        let column: Int
        let outputs: Int
    }

    let members: [Member]
    let rank: Int
    let inputs: Int
    /// The group's first column in the projection's output, and how many there are.
    let column: Int
    let outputs: Int

    /// Ranks of all members together.
    var ranks: Int { members.count * rank }

    /// A of every member, one below the other: [ranks, inputs].
    func fillA(_ parameters: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        for (index, member) in members.enumerated() {
            (target + index * rank * inputs).update(from: parameters + member.module.a, count: rank * inputs)
        }
    }

    /// B of every member on the diagonal of [outputs, ranks], zeros elsewhere.
    func fillB(_ parameters: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
        target.update(repeating: 0, count: outputs * ranks)
        for (index, member) in members.enumerated() {
            for row in 0..<member.outputs {
                (target + (member.column + row) * ranks + index * rank)
                    .update(from: parameters + member.module.b + row * rank, count: rank)
            }
        }
    }

    /// Adds the gradient of all A, laid out as `fillA` does.
    func addA(_ gradient: UnsafePointer<Float>, into gradients: UnsafeMutablePointer<Float>) {
        for (index, member) in members.enumerated() {
            Kernels.axpy(
                1, gradient + index * rank * inputs, into: gradients + member.module.a, count: rank * inputs)
        }
    }

    /// Adds the diagonal blocks of the transposed gradient of all B [ranks, outputs].
    func addB(_ gradient: UnsafePointer<Float>, into gradients: UnsafeMutablePointer<Float>) {
        for (index, member) in members.enumerated() {
            for place in 0..<rank {
                let from = gradient + (index * rank + place) * outputs + member.column
                let to = gradients + member.module.b + place
                for row in 0..<member.outputs { to[row * rank] += from[row] }
            }
        }
    }
}

extension TokenPass {
    /// The adapters on a projection, in the groups that are computed together.
    func lowRankGroups(_ layer: Int, _ projection: Projection) -> [LowRankGroup] {
        guard let adapter else { return [] }
        let rank = adapter.configuration.rank
        let all = projection.targets(c).compactMap { target, column in
            adapter.module(target, layer: layer).map {
                LowRankGroup.Member(target: target, module: $0, column: column, outputs: target.outputs(c))
            }
        }
        guard !all.isEmpty else { return [] }
        guard dropoutSeed != nil else {
            return [
                LowRankGroup(
                    members: all, rank: rank, inputs: projection.inputs(c), column: 0, outputs: projection.outputs(c))
            ]
        }
        return all.map { member in
            LowRankGroup(
                members: [
                    LowRankGroup.Member(
                        target: member.target, module: member.module, column: 0, outputs: member.outputs)
                ],
                rank: rank, inputs: projection.inputs(c), column: member.column, outputs: member.outputs)
        }
    }
}
