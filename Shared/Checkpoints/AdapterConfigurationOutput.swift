// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama

/// adapter_config.json as PEFT reads it.
struct AdapterConfigurationOutput: Encodable {
    private enum Key: String, CodingKey {
        case alphaPattern = "alpha_pattern"
        case base = "base_model_name_or_path"
        case bias
        case fanInFanOut = "fan_in_fan_out"
        case inferenceMode = "inference_mode"
        case initialise = "init_lora_weights"
        case alpha = "lora_alpha"
        case dropout = "lora_dropout"
        case modulesToSave = "modules_to_save"
        case type = "peft_type"
        case rank = "r"
        case rankPattern = "rank_pattern"
        case targets = "target_modules"
        case task = "task_type"
        case dora = "use_dora"
        case rankStabilized = "use_rslora"
    }

    private let configuration: LoRAConfiguration
    private let base: String?

    init(_ configuration: LoRAConfiguration, base: String?) {
        self.configuration = configuration
        self.base = base
    }

    func encode(to encoder: any Encoder) throws {
        var file = encoder.container(keyedBy: Key.self)
        try file.encode([String: Int](), forKey: .alphaPattern)
        try file.encode(base, forKey: .base)
        try file.encode("none", forKey: .bias)
        try file.encode(false, forKey: .fanInFanOut)
        try file.encode(true, forKey: .inferenceMode)
        try file.encode(true, forKey: .initialise)
        try file.encode(configuration.alpha, forKey: .alpha)
        try file.encode(configuration.dropout, forKey: .dropout)
        try file.encodeNil(forKey: .modulesToSave)
        try file.encode("LORA", forKey: .type)
        try file.encode(configuration.rank, forKey: .rank)
        try file.encode([String: Int](), forKey: .rankPattern)
        try file.encode(configuration.targets.map(\.rawValue), forKey: .targets)
        try file.encode("CAUSAL_LM", forKey: .task)
        try file.encode(false, forKey: .dora)
        try file.encode(configuration.rankStabilized, forKey: .rankStabilized)
    }
}
