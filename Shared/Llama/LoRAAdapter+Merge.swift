// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension LoRAAdapter {
    /// The weights with the adapter added to them, W + scale · B·A, in float32: the model computes the same without
    /// the adapter. Throws `invalidAdapter` if the weights are another model's.
    public func merge(into weights: LlamaWeights) throws(LlamaError) -> LlamaWeights {
        guard weights.configuration == model else {
            throw LlamaError(.invalidAdapter, "the adapter was made for a model of other dimensions")
        }
        var merged = weights
        let layout = weights.parameters.layout
        let (rank, scale) = (configuration.rank, configuration.scale)
        parameters.withUnsafeValues { low in
            merged.parameters.withUnsafeMutableValues { all in
                guard let low = low.baseAddress, let all = all.baseAddress else { return }
                for layer in 0..<model.layerCount {
                    for target in configuration.targets {
                        let name = "model.layers.\(layer).\(target.modulePath).weight"
                        guard let module = module(target, layer: layer), let entry = layout[name] else { continue }
                        let (outputs, inputs) = (target.outputs(model), target.inputs(model))
                        BLAS.gemm(
                            false, false, outputs, inputs, rank, scale, low + module.b, rank, low + module.a, inputs,
                            1, all + entry.offset, inputs)
                    }
                }
            }
        }
        return merged
    }
}
