// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The knobs of training, all optional: what is not said is the paper's setting for the stage.
public struct TrainingSettings: Codable, Sendable, Hashable {
    public enum Schedule: String, Codable, Sendable { case constant, linear, cosine }
    public enum Precision: String, Codable, Sendable { case float32, bfloat16 }
    /// How samples share a row.
    public enum Packing: String, Codable, Sendable, CaseIterable {
        /// One sample a row.
        case none
        /// Several samples a row; none sees another. Also written `true`.
        case isolated
        /// Several documents a row as one plain stream.
        case documents

        public init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                self = flag ? .isolated : .none
                return
            }
            let name = try container.decode(String.self)
            guard let packing = Packing(rawValue: name) else {
                throw MessageError(
                    .invalidValue, path: CodingPath.text(decoder.codingPath),
                    detail: "unknown packing; write true, false, none, isolated or documents")
            }
            self = packing
        }
    }

    public enum Recompute: String, Codable, Sendable { case none, block }

    public struct LoRA: Codable, Sendable, Hashable {
        public var rank: Int?
        public var alpha: Double?
        public var dropout: Double?
        /// Projections such as `q_proj`; default all seven.
        public var targets: [String]?
        public var rslora: Bool?
        public init(
            rank: Int? = nil, alpha: Double? = nil, dropout: Double? = nil, targets: [String]? = nil,
            rslora: Bool? = nil
        ) {
            self.rank = rank
            self.alpha = alpha
            self.dropout = dropout
            self.targets = targets
            self.rslora = rslora
        }
    }

    public var learningRate: Double?
    public var schedule: Schedule?
    public var warmupRatio: Double?
    public var warmupSteps: Int?
    public var epochs: Int?
    public var maxSteps: Int?
    /// Sequences in one forward and backward pass.
    public var microBatch: Int?
    /// Micro-batches in one optimizer step.
    public var accumulation: Int?
    public var sequenceLength: Int?
    public var packing: Packing?
    public var shuffle: Bool?
    public var seed: UInt64?
    public var beta1: Double?
    public var beta2: Double?
    public var epsilon: Double?
    public var weightDecay: Double?
    public var clipNorm: Double?
    public var precision: Precision?
    /// Steps between checkpoints; 0 writes one only when the job is interrupted.
    public var checkpointEvery: Int?
    /// Steps between evaluations of `heldOut`, 0 for none; without held-out text there is nothing to evaluate.
    public var evaluateEvery: Int?
    /// Steps between models published while the job goes on, each an artifact like the last; 0 publishes that alone.
    public var publishEvery: Int?
    /// A loss so many standard deviations above the mean of the steps before ends the job; 0 turns the check off.
    public var spikeDeviations: Double?
    public var ranks: Int?
    public var recompute: Recompute?
    public var lora: LoRA?

    public init() {}

    func validate(_ path: String) throws(MessageError) {
        if let learningRate {
            try Bound.require(
                learningRate > 0 && learningRate <= 10, "\(path).learningRate",
                "\(learningRate) is out of bounds; give a value above 0 and at most 10")
        }
        try Bound.range(warmupRatio, 0...1, "\(path).warmupRatio")
        try Bound.range(warmupSteps, 0...Int.max, "\(path).warmupSteps")
        try Bound.require(
            warmupRatio == nil || warmupSteps == nil, "\(path).warmupSteps",
            "give \"warmupRatio\" or \"warmupSteps\", not both")
        try Bound.range(epochs, 1...1_000_000, "\(path).epochs")
        try Bound.range(maxSteps, 1...Int.max, "\(path).maxSteps")
        try Bound.range(microBatch, 1...65_536, "\(path).microBatch")
        try Bound.range(accumulation, 1...65_536, "\(path).accumulation")
        try Bound.range(sequenceLength, 2...1_048_576, "\(path).sequenceLength")
        try Bound.range(beta1, 0...0.999_999, "\(path).beta1")
        try Bound.range(beta2, 0...0.999_999_9, "\(path).beta2")
        try Bound.range(epsilon, 1e-20...1, "\(path).epsilon")
        try Bound.range(weightDecay, 0...1, "\(path).weightDecay")
        try Bound.range(clipNorm, 0...1e9, "\(path).clipNorm")
        try Bound.range(checkpointEvery, 0...Int.max, "\(path).checkpointEvery")
        try Bound.range(evaluateEvery, 0...Int.max, "\(path).evaluateEvery")
        try Bound.range(publishEvery, 0...Int.max, "\(path).publishEvery")
        try Bound.range(spikeDeviations, 0...1e6, "\(path).spikeDeviations")
        try Bound.range(ranks, 1...4096, "\(path).ranks")
        if let lora {
            try Bound.range(lora.rank, 1...4096, "\(path).lora.rank")
            try Bound.range(lora.alpha, 0...1e6, "\(path).lora.alpha")
            try Bound.range(lora.dropout, 0...0.99, "\(path).lora.dropout")
            for target in lora.targets ?? [] {
                try Bound.require(
                    Self.projections.contains(target), "\(path).lora.targets",
                    "unknown projection \"\(target.prefix(40))\""
                        + NearestName.hint(for: target, among: Self.projections))
            }
        }
    }

    /// The linear layers of a LLaMA block, by their published names.
    public static let projections = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
}
