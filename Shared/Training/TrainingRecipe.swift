// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Every number of one training run, after the stage's defaults have filled what was not written.
///
/// The names are those of the `recipe` object of a `train.*` job. Make one with
/// ``TrainingRecipe/init(stage:overrides:)``, which also validates it.
public struct TrainingRecipe: Sendable, Hashable, Codable {
    /// The shape of the learning rate after warm-up.
    public enum Schedule: String, Sendable, Codable, CaseIterable {
        case constant, linear, cosine
    }

    /// How samples become rows of a micro-batch.
    public enum Packing: String, Sendable, Codable, CaseIterable {
        /// One sample a row, right-padded to the longest of its micro-batch.
        case none
        /// Several samples a row; none sees another, positions restart, no target crosses a seam.
        case isolated
        /// Several documents a row as one plain stream, as in continual pre-training.
        case documents
    }

    /// What matrix products and kept activations are rounded to; weights, moments and gradients are float32 in both.
    public enum Precision: String, Sendable, Codable, CaseIterable {
        case float32, bfloat16
    }

    /// What of the activations is computed again in the backward pass instead of kept.
    public enum Recompute: String, Sendable, Codable, CaseIterable {
        case none, block
    }

    /// The low-rank adapter to train instead of the full weights.
    public struct LoRA: Sendable, Hashable, Codable {
        public var rank: Int
        public var alpha: Double
        /// The share of adapter inputs dropped while training, in 0..<1.
        public var dropout: Double
        /// Projections that get an adapter, by their published names (`q_proj`, ...).
        public var targets: [String]
        /// Scale by alpha / sqrt(rank) instead of alpha / rank.
        public var rslora: Bool

        public init(rank: Int, alpha: Double, dropout: Double, targets: [String], rslora: Bool) {
            self.rank = rank
            self.alpha = alpha
            self.dropout = dropout
            self.targets = targets
            self.rslora = rslora
        }
    }

    /// The peak learning rate.
    public var learningRate: Double
    public var schedule: Schedule
    /// Warm-up as a share of all steps; nil when ``warmupSteps`` is given.
    public var warmupRatio: Double?
    public var warmupSteps: Int?
    /// Passes over the dataset; nil when ``maxSteps`` is given.
    public var epochs: Int?
    public var maxSteps: Int?
    /// Rows in one forward and backward pass.
    public var microBatch: Int
    /// Micro-batches in one optimizer step.
    public var accumulation: Int
    /// Tokens a row may have; nil takes the dataset's own.
    public var sequenceLength: Int?
    /// Nil takes the dataset's own.
    public var packing: Packing?
    public var shuffle: Bool
    public var seed: UInt64
    public var beta1: Double
    public var beta2: Double
    public var epsilon: Double
    public var weightDecay: Double
    /// The limit of the global gradient norm; 0 turns clipping off.
    public var clipNorm: Double
    public var precision: Precision
    /// Steps between two checkpoints; 0 writes none but the one of an interruption.
    public var checkpointEvery: Int
    /// Steps between two held-out evaluations; 0 for none.
    public var evaluateEvery: Int
    /// Steps between two models given out while the run goes on; 0 for none.
    public var publishEvery: Int
    /// A loss so many standard deviations above the mean of the steps before ends the run (``SpikeRule``); 0 turns the
    /// check off.
    public var spikeDeviations: Double
    /// Processes that share the work.
    public var ranks: Int
    public var recompute: Recompute
    /// Nil trains every weight.
    public var lora: LoRA?
}
