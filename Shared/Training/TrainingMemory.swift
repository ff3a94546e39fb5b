// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Collectives
public import Llama

/// The memory a run keeps resident at most, by part, worked out before anything is taken.
public struct TrainingMemory: Sendable, Hashable, Codable {
    /// A use of memory.
    public enum Part: String, Sendable, Codable, CaseIterable {
        /// The model's weights in float32, or a base in blocks as its files hold it.
        case weights
        /// The weights rounded to bfloat16 and packed for both directions.
        case packedWeights
        /// The adapter's matrices.
        case adapter
        /// The gradients of what is trained.
        case gradients
        /// AdamW's two moments of what is trained, shared out over the ranks.
        case moments
        /// What the forward pass keeps for the backward pass of one micro-batch.
        case activations
        /// Sums of gradients under way between the ranks.
        case exchange
        /// Everything else a pass takes: gradients of activations, a chunk of logits, packed operands.
        case scratch
        /// The program, its libraries and their buffers.
        case process
    }

    /// Bytes of each part; those that are 0 are left out.
    public let bytes: [Part: Int]

    /// All parts together.
    public var total: Int { bytes.values.reduce(0, +) }

    /// What a run takes beyond its model, which is in memory before it starts.
    public var beyondModel: Int { total - (bytes[.weights] ?? 0) - (bytes[.process] ?? 0) }

    private static let processBytes = 32 << 20

    /// The memory of a recipe on a model of these dimensions.
    ///
    /// - Parameters:
    ///   - baseBytes: of the weights under an adapter, where they are kept as their files hold them; nil in float32.
    ///   - tokens: of the largest micro-batch; nil: `microBatch` rows of the recipe's `sequenceLength`, or of the model's
    ///     context where the recipe names none.
    ///   - longest: tokens of the longest sequence in it.
    ///   - threads: compute threads, each with scratch of its own.
    public init(
        _ configuration: LlamaConfiguration, _ recipe: TrainingRecipe, baseBytes: Int? = nil, tokens: Int? = nil,
        longest: Int? = nil, threads: Int? = nil
    ) {
        let kept = recipe.lora == nil ? nil : baseBytes
        let length = longest ?? recipe.sequenceLength ?? configuration.maxPositions
        let work = StepMemory.Work(
            precision: recipe.precision == .bfloat16 ? .bfloat16 : .float32, rank: recipe.lora?.rank,
            drops: (recipe.lora?.dropout ?? 0) > 0, recompute: recipe.recompute == .block,
            isStored: kept != nil, tokens: tokens ?? recipe.microBatch * length, longest: length, threads: threads)
        let step = StepMemory(configuration, work)
        let targets = recipe.lora?.targets.compactMap(LoRATarget.init(rawValue:))
        let adapter = targets.map { LoRAAdapter.count(rank: recipe.lora?.rank ?? 0, targets: $0, for: configuration) }
        let trained = adapter ?? configuration.parameterCount
        let shard = (trained + recipe.ranks - 1) / recipe.ranks
        let bucket = min(trained, Sharding.bucketSize)
        let parts: [Part: Int] = [
            .weights: kept ?? 4 * configuration.parameterCount, .packedWeights: step.packedWeights,
            .adapter: 4 * (adapter ?? 0), .gradients: 4 * trained, .moments: 8 * shard,
            .exchange: recipe.ranks > 1 ? 4 * bucket * MPICollective.sumsUnderWay : 0,
            .activations: step.activations, .scratch: step.scratch, .process: Self.processBytes,
        ]
        bytes = parts.filter { $0.value > 0 }
    }
}
