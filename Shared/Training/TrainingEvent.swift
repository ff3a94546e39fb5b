// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Corpora

/// What a run tells while it goes on, in order.
public enum TrainingEvent: Sendable, Hashable, Codable {
    /// The run is checked and begins, at `step` steps already done.
    case started(TrainingStart)
    /// A checkpoint that was found is not used, for this reason.
    case ignoredCheckpoint(name: String, reason: String)
    /// One optimizer step is done.
    case step(StepReport)
    /// The held-out rows were scored after `step` steps.
    case evaluated(step: Int, HeldOutResult)
    /// Everything needed to go on from `step` is on disk.
    case checkpointed(step: Int)
}

/// What a run is about to do.
public struct TrainingStart: Sendable, Hashable, Codable {
    /// Steps done by an earlier run that this one continues; 0 for a new one.
    public let step: Int
    public let totalSteps: Int
    public let samples: Int
    /// Samples left out because no token of theirs is a target.
    public let samplesWithoutTargets: Int
    /// Tokens of one epoch.
    public let tokens: Int
    public let trainedParameters: Int
}

/// One optimizer step.
public struct StepReport: Sendable, Hashable, Codable {
    /// Steps done, this one included.
    public let step: Int
    public let totalSteps: Int
    /// Mean negative log-likelihood of a target before the step, in nats, over the whole accumulation window.
    public let loss: Double
    /// The same over the rows of each domain, where the dataset knows it.
    public let lossByDomain: [CorpusDomain: Double]
    public let learningRate: Double
    /// The global norm before clipping.
    public let gradientNorm: Double
    /// Tokens of this step, padding not counted.
    public let tokens: Int
    /// Over the run so far, evaluation and checkpoints left out.
    public let tokensPerSecond: Double
    /// Floating-point operations that the model needs, in a second (``ModelFLOPs``), over the steps since this attempt
    /// began.
    public let flopsPerSecond: Double
    /// Until the last step, at the pace so far.
    public let secondsLeft: Double
}
