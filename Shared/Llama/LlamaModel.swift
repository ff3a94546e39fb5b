// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// A Llama model: weights, an optional low-rank adapter, and the computations on them in float32.
///
/// A value: copies share weights until one is written. Reading methods may run at the same time in any number of tasks
/// (they take turns on the compute threads). They block the calling thread, so call them off the cooperative pool.
public struct LlamaModel: Sendable {
    /// The dimensions.
    public var configuration: LlamaConfiguration { weights.configuration }
    /// The weights.
    public var weights: LlamaWeights
    /// The adapter whose low-rank products are added, if any. While there is one, gradients are the adapter's alone.
    public var adapter: LoRAAdapter?
    /// Scratch memory, shared by all copies.
    let arenas = ArenaPool()
    let inverseFrequencies: [Double]

    /// A model of these weights. Throws `invalidAdapter` if the adapter was made for other dimensions.
    public init(_ weights: LlamaWeights, adapter: LoRAAdapter? = nil) throws(LlamaError) {
        if let adapter, adapter.model != weights.configuration {
            throw LlamaError(.invalidAdapter, "the adapter was made for a model of other dimensions")
        }
        self.weights = weights
        self.adapter = adapter
        let c = weights.configuration
        inverseFrequencies = c.ropeScaling.inverseFrequencies(theta: c.ropeTheta, headDimension: c.headDimension)
    }

    /// Runs `body` with a pass over the weights and the tokens in scratch memory.
    func withPass<R>(
        ids: [Int32], positions: [Int32], attention: AttentionScope, dropoutSeed: UInt64? = nil,
        _ body: (LlamaPass) throws(LlamaError) -> R
    ) throws(LlamaError) -> R {
        try arenas.withArena { (arena) throws(LlamaError) -> R in
            try weights.parameters.withUnsafeValues { (weightValues) throws(LlamaError) -> R in
                guard let base = weightValues.baseAddress else { preconditionFailure("a model without weights") }
                func pass(_ low: UnsafePointer<Float>?) throws(LlamaError) -> R {
                    try body(
                        try LlamaPass(
                            self, weights: base, lowRank: low, arena: arena, ids: ids, positions: positions,
                            attention: attention, dropoutSeed: dropoutSeed))
                }
                guard let adapter else { return try pass(nil) }
                return try adapter.parameters.withUnsafeValues { (values) throws(LlamaError) -> R in
                    try pass(values.baseAddress)
                }
            }
        }
    }
}
