// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What the reference library's trainer did, step by step (`train.json` of the oracles).
public struct TrainingLog: Decodable, Sendable {
    public struct Optimizer: Decodable, Sendable {
        public let betas: [Double]
        public let eps: Double
        public let weightDecay: Double
        public let clipGlobalNorm: Double
        public let peakLr: Double
    }

    public struct Step: Decodable, Sendable {
        public let lr: Double
        public let loss: Double
        public let gradNormBeforeClip: Double
    }

    /// The logs of one model, by the learning rate's schedule.
    public struct Schedules: Decodable, Sendable {
        public let constant: TrainingLog
        public let cosine: TrainingLog
    }

    /// The rows it was trained on.
    public struct Inputs: Decodable, Sendable {
        public let rows: [[Int32]]
        public let rowLabels: [[Int32]]
    }

    public let optimizer: Optimizer
    public let totalSteps: Int?
    public let warmupSteps: Int?
    public let log: [Step]
}
