// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a recipe will take, before anything runs.
struct Plan: Codable, Sendable, Hashable {
    /// One stage's share. What can't be known before the run is nil, and `unknown` says why.
    struct Stage: Codable, Sendable, Hashable {
        var stage: String
        var kind: String
        var parameters: Double?
        var trainedParameters: Double?
        var steps: Int?
        /// Tokens that pass through the model.
        var tokens: Double?
        var flops: Double?
        /// Resident at most, as the trainer reckons it.
        var memoryBytes: Double?
        /// Its parts, where the stage trains.
        var memory: [String: Int]?
        /// Whether that is no more than `availableBytes`, where the stage trains: the trainer refuses what can't fit.
        var fits: Bool?
        var hours: Double?
        var cost: Double?
        var unknown: [String] = []
    }

    /// What the figures rest on.
    struct Assumptions: Codable, Sendable, Hashable {
        /// Tokens a second, where it was stated; else hours follow from `flopsPerSecond`.
        var tokensPerSecond: Double?
        var flopsPerSecond: Double
        var pricePerHour: Double?
        /// The memory that a training may take; nil where the system does not say and nothing was stated.
        var availableBytes: Double?
        /// What one token costs: 6 a weight of a matrix product to train all, 4 a frozen one, and attention.
        var flopsPerToken = "6 x weights of matrix products (with LoRA 4 x), and attention"
        var memory = "the most a training keeps resident, its rows as long as they may be; to ask a model, its weights"
    }

    var name: String
    var stages: [Stage]
    var assumptions: Assumptions

    /// Sums over the stages whose share is known.
    var tokens: Double { stages.reduce(0) { $0 + ($1.tokens ?? 0) } }
    var flops: Double { stages.reduce(0) { $0 + ($1.flops ?? 0) } }
    var hours: Double { stages.reduce(0) { $0 + ($1.hours ?? 0) } }
    var cost: Double? { assumptions.pricePerHour.map { $0 * hours } }
    /// Stages run one after another on one machine; the largest decides.
    var memoryBytes: Double { stages.map { $0.memoryBytes ?? 0 }.max() ?? 0 }

    private enum CodingKeys: String, CodingKey {
        case name, stages, assumptions, tokens, flops, hours, cost, memoryBytes
    }

    init(name: String, stages: [Stage], assumptions: Assumptions) {
        self.name = name
        self.stages = stages
        self.assumptions = assumptions
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        stages = try container.decode([Stage].self, forKey: .stages)
        assumptions = try container.decode(Assumptions.self, forKey: .assumptions)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(stages, forKey: .stages)
        try container.encode(assumptions, forKey: .assumptions)
        try container.encode(tokens, forKey: .tokens)
        try container.encode(flops, forKey: .flops)
        try container.encode(hours, forKey: .hours)
        try container.encodeIfPresent(cost, forKey: .cost)
        try container.encode(memoryBytes, forKey: .memoryBytes)
    }
}
