// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a training job did, as far as a report shows it; reads the `summary` of a training job.
public struct TrainingOutline: Codable, Sendable, Hashable {
    public struct Point: Codable, Sendable, Hashable {
        public var step: Int
        /// Mean negative log-likelihood a target token, in nats.
        public var loss: Double

        public init(step: Int, loss: Double) {
            self.step = step
            self.loss = loss
        }
    }

    public var steps: Int
    /// Tokens read.
    public var tokens: Int
    public var seconds: Double?
    public var trainedParameters: Int?
    public var lossCurve: [Point]?

    public init(
        steps: Int, tokens: Int, seconds: Double? = nil, trainedParameters: Int? = nil, lossCurve: [Point]? = nil
    ) {
        self.steps = steps
        self.tokens = tokens
        self.seconds = seconds
        self.trainedParameters = trainedParameters
        self.lossCurve = lossCurve
    }

    var firstLoss: Double? { lossCurve?.first?.loss }
    var lastLoss: Double? { lossCurve?.last?.loss }
}
