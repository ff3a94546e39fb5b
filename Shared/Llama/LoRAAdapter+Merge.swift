// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension LoRAAdapter {
    /// The weights with the adapter added to them, W + scale · B·A, in float32: the model computes the same without
    /// the adapter. Throws `invalidAdapter` if the weights are another model's, or kept in blocks.
    public func merge(into weights: LlamaWeights) throws(LlamaError) -> LlamaWeights {
        guard weights.configuration == model else {
            throw LlamaError(.invalidAdapter, "the adapter was made for a model of other dimensions")
        }
        guard weights.stored == nil else {
            throw LlamaError(
                .invalidAdapter, "an adapter is not merged into weights kept in blocks; load them in float32")
        }
        var merged = weights
        merged.parameters.withUnsafeMutableValues { all in
            for entry in weights.entries {
                add(to: UnsafeMutableBufferPointer(rebasing: all[entry.range]), named: entry.name)
            }
        }
        return merged
    }

    /// Adds scale · B·A to the weight of this published name, where the adapter has it.
    public func add(to weight: UnsafeMutableBufferPointer<Float>, named name: String) {
        let parts = name.split(separator: ".", maxSplits: 3)
        guard parts.count == 4, let layer = Int(parts[2]),
            let target = configuration.targets.first(where: { "\($0.modulePath).weight" == parts[3] }),
            let module = module(target, layer: layer), let base = weight.baseAddress
        else { return }
        let (outputs, inputs, rank) = (target.outputs(model), target.inputs(model), configuration.rank)
        precondition(weight.count == outputs * inputs, "\(name) has \(weight.count) elements")
        parameters.withUnsafeValues { low in
            guard let low = low.baseAddress else { return }
            BLAS.gemm(
                false, false, outputs, inputs, rank, configuration.scale, low + module.b, rank, low + module.a,
                inputs, 1, base, inputs)
        }
    }
}
