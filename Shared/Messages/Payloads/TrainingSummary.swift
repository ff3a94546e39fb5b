// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a training job did.
public struct TrainingSummary: Codable, Sendable, Hashable {
    public struct Point: Codable, Sendable, Hashable {
        public var step: Int
        /// Mean negative log-likelihood a target token, in nats, over the step.
        public var loss: Double
        /// Nil, as is the gradient norm, where a killed attempt could not keep it.
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
    /// The operations that the model needs over those that this machine's matrix products reach, from 0 to 1.
    public var modelFlopsUtilization: Double?
    public var trainedParameters: Int
    /// The step it went on from, where a checkpoint was found.
    public var resumedFrom: Int?
    public var lossCurve: [Point]
    /// Perplexity of the held-out text while it was trained, where there was any.
    public var evaluations: [Evaluation]?

    /// Models published before the last step, in order.
    public var published: [PublishedModel]?

    public struct Evaluation: Codable, Sendable, Hashable {
        public var step: Int
        /// Of all held-out text.
        public var perplexity: Double
        public var perplexityByDomain: [String: Double]?
        public init(step: Int, perplexity: Double, perplexityByDomain: [String: Double]? = nil) {
            self.step = step
            self.perplexity = perplexity
            self.perplexityByDomain = perplexityByDomain
        }
    }

    public init(
        steps: Int, tokens: Int, seconds: Double, tokensPerSecond: Double, modelFlopsUtilization: Double? = nil,
        trainedParameters: Int, resumedFrom: Int? = nil, lossCurve: [Point], evaluations: [Evaluation]? = nil,
        published: [PublishedModel]? = nil
    ) {
        self.steps = steps
        self.tokens = tokens
        self.seconds = seconds
        self.tokensPerSecond = tokensPerSecond
        self.modelFlopsUtilization = modelFlopsUtilization
        self.trainedParameters = trainedParameters
        self.resumedFrom = resumedFrom
        self.lossCurve = lossCurve
        self.evaluations = evaluations
        self.published = published
    }
}
