// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

/// The low-rank matrices of an adapter: for every block and target A [rank, in] and B [out, rank].
///
/// Names are those of PEFT without its prefix: `model.layers.0.self_attn.q_proj.lora_A.weight`.
public struct LoRAAdapter: Sendable {
    /// Where A and B of one projection lie in the block of parameters.
    struct Module: Sendable, Equatable {
        let a: Int
        let b: Int
    }

    /// The settings of the adapter.
    public let configuration: LoRAConfiguration
    /// The dimensions of the model it belongs to.
    public let model: LlamaConfiguration
    /// All A and B; an optimizer that holds the only copy updates them in place.
    public var parameters: ParameterSet
    private let modules: [Module?]

    /// Zeros for a loader to fill: an adapter that changes nothing.
    public init(zeros configuration: LoRAConfiguration, for model: LlamaConfiguration) throws(LlamaError) {
        self.configuration = configuration
        self.model = model
        var tensors: [(name: String, shape: Shape)] = []
        var offset = 0
        var modules: [Module?] = []
        let rank = configuration.rank
        for layer in 0..<model.layerCount {
            for target in LoRATarget.allCases {
                guard configuration.targets.contains(target) else {
                    modules.append(nil)
                    continue
                }
                let a = rank * target.inputs(model)
                modules.append(Module(a: offset, b: offset + a))
                let path = "model.layers.\(layer).\(target.modulePath)"
                tensors.append((path + ".lora_A.weight", [rank, target.inputs(model)]))
                tensors.append((path + ".lora_B.weight", [target.outputs(model), rank]))
                offset += a + rank * target.outputs(model)
            }
        }
        self.modules = modules
        do { parameters = try ParameterSet(zeros: ParameterLayout(tensors)) } catch {
            throw LlamaError(.outOfMemory, "an adapter of rank \(rank): \(error.description)")
        }
    }

    /// A new adapter as PEFT starts one: A uniform in ±1/√in (Kaiming with a = √5), B zero, so that it changes nothing
    /// until it is trained. Tensor i draws from xoshiro256** seeded by SplitMix64(seed) + i.
    public init(
        random configuration: LoRAConfiguration, for model: LlamaConfiguration, seed: UInt64
    ) throws(LlamaError) {
        try self.init(zeros: configuration, for: model)
        let entries = parameters.layout.entries
        parameters.withUnsafeMutableValues { all in
            for (index, entry) in entries.enumerated() where entry.name.hasSuffix(".lora_A.weight") {
                var generator = Xoshiro256(seed: Xoshiro256.mix(seed) &+ UInt64(index))
                generator.fillUniform(
                    UnsafeMutableBufferPointer(rebasing: all[entry.range]),
                    bound: 1 / Double(entry.shape[1]).squareRoot())
            }
        }
    }

    /// The parameters of an adapter, without making one.
    public static func count(rank: Int, targets: [LoRATarget], for model: LlamaConfiguration) -> Int {
        model.layerCount * rank * targets.reduce(0) { $0 + $1.inputs(model) + $1.outputs(model) }
    }

    /// Where the matrices of one projection lie, or nil if it carries none.
    func module(_ target: LoRATarget, layer: Int) -> Module? {
        modules[layer * LoRATarget.allCases.count + target.index]
    }
}
