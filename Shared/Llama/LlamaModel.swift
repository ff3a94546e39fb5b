// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// A Llama model: weights, an optional low-rank adapter, and the computations on them.
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
    /// What the operands of matrix products are rounded to. In bfloat16 the weights are packed again where they have
    /// changed: once, if `pack` is called after the change, else by every call. Caches are extended in float32.
    public var precision: LlamaPrecision = .float32
    private var packed: PackedWeights?
    /// The revision of the weights that are packed.
    private var packedRevision: UInt64?
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

    /// The rotary frequencies of a call, by its longest sequence. Throws `invalidBatch` for one that is longer than the
    /// window of attention, which these passes do not apply.
    func inverseFrequencies(for positions: [Int32]) throws(LlamaError) -> [Double] {
        let c = configuration
        let longest = Int(positions.max() ?? 0) + 1
        if let window = c.slidingWindow, longest > window {
            throw LlamaError(
                .invalidBatch,
                "a sequence of \(longest) tokens is longer than the model's sliding_window of \(window); "
                    + "use sequences of at most that length here")
        }
        guard case .dynamic = c.ropeScaling, longest > c.maxPositions else { return inverseFrequencies }
        return c.ropeScaling.inverseFrequencies(
            theta: c.ropeTheta, headDimension: c.headDimension, stretch: Double(longest) / Double(c.maxPositions))
    }

    /// Rounds and packs the weights as they are now, so that calls need not; does nothing in float32, or for a base that is
    /// kept as its files hold it.
    public mutating func pack() throws(LlamaError) {
        guard precision == .bfloat16, weights.stored == nil else {
            packed = nil
            return
        }
        if packed != nil, packedRevision == weights.parameters.revision { return }
        if packed == nil || !isKnownUniquelyReferenced(&packed) {
            packed = try PackedWeights(configuration, weights.layout)
        }
        weights.parameters.withUnsafeValues { values in
            if let base = values.baseAddress { packed?.pack(base) }
        }
        packedRevision = weights.parameters.revision
    }

    /// Runs `body` with a bfloat16 pass over the weights and the tokens in scratch memory.
    func withBFloat16Pass<R>(
        ids: [Int32], positions: [Int32], attention: AttentionScope, dropoutSeed: UInt64? = nil, reserving: Int = 0,
        _ body: (BFloat16Pass) throws(LlamaError) -> R
    ) throws(LlamaError) -> R {
        try withPointers(reserving: reserving) { (arena, base, low) throws(LlamaError) -> R in
            var matrices = packedRevision == weights.parameters.revision ? packed : nil
            if matrices == nil, weights.stored == nil {
                matrices = try PackedWeights(configuration, weights.layout)
                matrices?.pack(base)
            }
            return try body(
                try BFloat16Pass(
                    self, packed: matrices, weights: base, lowRank: low, arena: arena, ids: ids, positions: positions,
                    attention: attention, dropoutSeed: dropoutSeed))
        }
    }

    /// Runs `body` with a pass over the weights and the tokens in scratch memory.
    func withPass<R>(
        ids: [Int32], positions: [Int32], attention: AttentionScope, dropoutSeed: UInt64? = nil, reserving: Int = 0,
        _ body: (LlamaPass) throws(LlamaError) -> R
    ) throws(LlamaError) -> R {
        try withPointers(reserving: reserving) { (arena, base, low) throws(LlamaError) -> R in
            try body(
                try LlamaPass(
                    self, weights: base, lowRank: low, arena: arena, ids: ids, positions: positions,
                    attention: attention, dropoutSeed: dropoutSeed))
        }
    }

    /// Runs `body` with scratch memory (of `reserving` floats in one block), the weights, and the adapter's parameters if there is one.
    private func withPointers<R>(
        reserving: Int, _ body: (Arena, UnsafePointer<Float>, UnsafePointer<Float>?) throws(LlamaError) -> R
    ) throws(LlamaError) -> R {
        try arenas.withArena { (arena) throws(LlamaError) -> R in
            if reserving > 0 {
                do throws(TensorError) { try arena.reserve(reserving) } catch { throw TokenPass.outOfMemory(error) }
            }
            return try weights.parameters.withUnsafeValues { (weightValues) throws(LlamaError) -> R in
                guard let base = weightValues.baseAddress else { preconditionFailure("a model without weights") }
                guard let adapter else { return try body(arena, base, nil) }
                return try adapter.parameters.withUnsafeValues { (values) throws(LlamaError) -> R in
                    try body(arena, base, values.baseAddress)
                }
            }
        }
    }
}
