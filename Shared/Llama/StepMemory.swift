// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The memory one forward and backward pass takes, worked out from sizes alone.
///
/// The terms are those of the initialisers of the passes; a test compares the sum with what the arena took.
public struct StepMemory: Sendable, Equatable {
    /// What is computed.
    public struct Work: Sendable {
        /// The precision of products and of what is kept.
        public var precision: LlamaPrecision
        /// The rank of the adapter that is trained, or nil.
        public var rank: Int?
        /// Whether the adapter's inputs are dropped.
        public var drops = false
        /// Whether blocks are computed again instead of being kept.
        public var recompute = false
        /// Tokens of a micro-batch, of its longest sequence, and targets among them.
        public var tokens: Int
        public var longest: Int
        public var targets: Int
        /// Compute threads.
        public var threads: Int

        /// Work on `tokens` tokens, all of them targets, in sequences of `longest`.
        public init(
            precision: LlamaPrecision, rank: Int? = nil, drops: Bool = false, recompute: Bool = false, tokens: Int,
            longest: Int, targets: Int? = nil, threads: Int? = nil
        ) {
            self.precision = precision
            self.rank = rank
            self.drops = drops
            self.recompute = recompute
            self.tokens = tokens
            self.longest = longest
            self.targets = targets ?? tokens
            self.threads = threads ?? ThreadPool.shared.slots
        }
    }

    /// Bytes of activations kept for the backward pass.
    public let activations: Int
    /// Bytes of everything else a pass takes while it runs: gradients of activations, logits, packed operands.
    public let scratch: Int
    /// Bytes of the weights rounded and packed; 0 in float32.
    public let packedWeights: Int

    /// The memory of this work on a model of these dimensions.
    public init(_ c: LlamaConfiguration, _ work: Work) {
        let isHalf = work.precision == .bfloat16
        packedWeights = isHalf ? 2 * PackedWeights.size(c) : 0
        let kept = isHalf ? Self.halfBlock(c, work) : Self.block(c, work)
        let inputs = work.tokens * c.hiddenSize
        let blocks = work.recompute ? kept + (c.layerCount - 1) * inputs : c.layerCount * kept
        activations = 4 * (blocks + inputs)
        let passing = isHalf ? Self.halfPass(c, work) : Self.pass(c, work)
        let table = work.longest <= work.tokens ? work.longest : 0
        scratch = 4 * (passing + (work.tokens + table) * c.headDimension + Self.head(c, work))
    }

    /// Floats to reserve for a pass: each of its blocks begins at a multiple of 64 bytes.
    var reserve: Int { (activations + scratch) / 4 + 1 << 15 }

    private static func queryKeyValue(_ c: LlamaConfiguration) -> Int { c.queryWidth + 2 * c.keyValueWidth }

    private static func lowRank(_ work: Work) -> Int { (work.rank ?? 0) * LoRATarget.allCases.count }

    private static func block(_ c: LlamaConfiguration, _ work: Work) -> Int {
        let width = 2 * c.hiddenSize + queryKeyValue(c) + c.queryWidth + 2 * c.intermediateSize + 2
        return work.tokens * (width + lowRank(work))
    }

    private static func halfBlock(_ c: LlamaConfiguration, _ work: Work) -> Int {
        let halves = queryKeyValue(c) + c.queryWidth + 2 * c.intermediateSize + lowRank(work)
        return work.tokens * (2 * c.hiddenSize + 2) + work.tokens * halves / 2
    }

    private static func pass(_ c: LlamaConfiguration, _ work: Work) -> Int {
        var width = 3 * c.hiddenSize + 4 * c.intermediateSize + c.queryWidth + queryKeyValue(c) + (work.rank ?? 0)
        if work.drops { width += LowRankScratch.widestInput(c) }
        let attention = work.threads * 2 * LlamaPass.queryBlock * work.longest
        return work.tokens * width + Kernels.normParts(work.tokens) * c.hiddenSize + attention
    }

    private static func halfPass(_ c: LlamaConfiguration, _ work: Work) -> Int {
        let (wide, input) = (BFloat16Pass.widest(c), LowRankScratch.widestInput(c))
        let floats = BFloat16Pass.wide(c, drops: work.drops) + c.hiddenSize + (work.drops ? 2 * input : c.hiddenSize)
        func apart(_ width: Int) -> Int { work.drops ? width : BFloat16Pass.apart(width) }
        let (activated, gates) = (apart(c.intermediateSize), apart(2 * c.intermediateSize))
        let halves = 2 * c.hiddenSize + activated + max(queryKeyValue(c), gates) + c.queryWidth
        let operands =
            if let rank = work.rank {
                BFloat16Product.leftSize(columns: 3 * rank, depth: work.tokens)
            } else {
                BFloat16Product.leftScratch(depth: work.tokens, threads: work.threads)
                    + PackedMatrix.size(depth: work.tokens, columns: input)
            }
        let attention = work.threads * AttentionArea(c, longest: work.longest, backward: true).size
        var sum = work.tokens * floats + (work.tokens * halves + operands) / 2 + attention
        sum += Kernels.normParts(work.tokens) * c.hiddenSize
        if let rank = work.rank {
            let ranks = 3 * rank
            sum += ranks * (input + wide) + work.tokens * ranks * 3 / 2
            sum += LowRankScratch.packedSize(c, rank: rank) / 2 + (work.drops ? work.tokens * input / 2 : 0)
        }
        return sum
    }

    private static func head(_ c: LlamaConfiguration, _ work: Work) -> Int {
        let chunk = HeadChunk.rows(c, targets: work.targets)
        let partial = Kernels.normParts(chunk) * c.hiddenSize
        let rows = chunk * (4 * c.hiddenSize + c.vocabularySize + 1) + partial
        guard work.precision == .bfloat16 else { return rows }
        let gradient = chunk * c.vocabularySize - chunk * c.hiddenSize
        guard work.rank == nil else { return rows + gradient / 2 }
        let left = BFloat16Product.leftScratch(depth: chunk, threads: work.threads)
        return rows + (gradient + left + PackedMatrix.size(depth: chunk, columns: c.hiddenSize)) / 2
    }
}
