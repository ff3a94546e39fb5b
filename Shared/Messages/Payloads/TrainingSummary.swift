// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a training job did.
public struct TrainingSummary: Codable, Sendable, Hashable {
    public struct Point: Codable, Sendable, Hashable {
        public var step: Int
        /// Mean negative log-likelihood a target token, in nats, over the step.
        public var loss: Double
        /// Nil, as is the gradient norm, for steps before the attempt that finished.
        public var learningRate: Double?
        public var gradientNorm: Double?
        public init(step: Int, loss: Double, learningRate: Double? = nil, gradientNorm: Double? = nil) {
            self.step = step
            self.loss = loss
            self.learningRate = learningRate
            self.gradientNorm = gradientNorm
        }
    }

    public var steps: Int
    /// Tokens read, prompts included.
    public var tokens: Int
    public var seconds: Double
    public var tokensPerSecond: Double
    public var trainedParameters: Int
    /// The step it went on from, where a checkpoint was found.
    public var resumedFrom: Int?
    public var lossCurve: [Point]
    /// Perplexity of the held-out text while it was trained, where there was any.
    public var evaluations: [Evaluation]?

    public struct Evaluation: Codable, Sendable, Hashable {
        public var step: Int
        public var perplexity: Double
        public init(step: Int, perplexity: Double) {
            self.step = step
            self.perplexity = perplexity
        }
    }

    public init(
        steps: Int, tokens: Int, seconds: Double, tokensPerSecond: Double, trainedParameters: Int,
        resumedFrom: Int? = nil, lossCurve: [Point], evaluations: [Evaluation]? = nil
    ) {
        self.steps = steps
        self.tokens = tokens
        self.seconds = seconds
        self.tokensPerSecond = tokensPerSecond
        self.trainedParameters = trainedParameters
        self.resumedFrom = resumedFrom
        self.lossCurve = lossCurve
        self.evaluations = evaluations
    }
}
