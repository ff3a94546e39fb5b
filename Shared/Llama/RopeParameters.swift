// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The object config.json keeps under `rope_parameters` (transformers 5) or `rope_scaling` (before).
struct RopeParameters: Codable {
    var type: String?
    var olderType: String?
    var theta: Double?
    var factor: Double?
    var lowFrequencyFactor: Double?
    var highFrequencyFactor: Double?
    var originalMaxPositions: Int?
    var partialRotaryFactor: Double?

    enum CodingKeys: String, CodingKey {
        case type = "rope_type"
        case olderType = "type"
        case theta = "rope_theta"
        case factor
        case lowFrequencyFactor = "low_freq_factor"
        case highFrequencyFactor = "high_freq_factor"
        case originalMaxPositions = "original_max_position_embeddings"
        case partialRotaryFactor = "partial_rotary_factor"
    }

    init(_ scaling: RopeScaling, theta: Double?) {
        self.theta = theta
        switch scaling {
        case .none: type = "default"
        case .linear(let factor):
            type = "linear"
            self.factor = factor
        case .dynamic(let factor):
            type = "dynamic"
            self.factor = factor
        case .llama3(let factor, let low, let high, let original):
            type = "llama3"
            self.factor = factor
            lowFrequencyFactor = low
            highFrequencyFactor = high
            originalMaxPositions = original
        }
    }

    /// The rule these parameters name; throws for any this engine does not compute.
    func scaling() throws(LlamaError) -> RopeScaling {
        if let partialRotaryFactor, partialRotaryFactor != 1 {
            throw LlamaConfiguration.invalid("partial_rotary_factor \(partialRotaryFactor) is not supported")
        }
        let name = type ?? olderType ?? "default"
        switch name {
        case "default":
            return .none
        case "linear", "dynamic":
            guard let factor else { throw LlamaConfiguration.invalid("rope_type \(name) needs factor") }
            return name == "linear" ? .linear(factor: factor) : .dynamic(factor: factor)
        case "llama3":
            guard let factor, let lowFrequencyFactor, let highFrequencyFactor, let originalMaxPositions else {
                throw LlamaConfiguration.invalid(
                    "rope_type llama3 needs factor, low_freq_factor, high_freq_factor and "
                        + "original_max_position_embeddings")
            }
            return .llama3(
                factor: factor, lowFrequencyFactor: lowFrequencyFactor, highFrequencyFactor: highFrequencyFactor,
                originalMaxPositions: originalMaxPositions)
        case let other:
            throw LlamaConfiguration.invalid(
                "rope_type \"\(other)\" is not supported; default, linear, dynamic and llama3 are")
        }
    }
}
