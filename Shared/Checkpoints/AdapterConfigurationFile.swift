// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Llama

/// adapter_config.json as PEFT writes it, with every field that changes what is computed.
struct AdapterConfigurationFile: Decodable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    let configuration: LoRAConfiguration
    /// The base model's name or path, where the file says one.
    let base: String?

    /// Fields that must be absent, null, false or empty: each would change the result in a way this engine lacks.
    private static let refused = [
        "use_dora", "use_qalora", "use_bdlora", "alpha_pattern", "rank_pattern", "modules_to_save", "lora_bias",
        "fan_in_fan_out", "layers_to_transform", "layer_replication", "target_parameters", "exclude_modules",
        "trainable_token_indices", "megatron_config", "alora_invocation_tokens", "arrow_config", "monteclora_config",
        "velora_config", "kasa_config", "loftq_config",
    ]

    init(from decoder: any Decoder) throws {
        let file = try decoder.container(keyedBy: Name.self)
        if let type = try file.decodeIfPresent(String.self, forKey: Name("peft_type")), type != "LORA" {
            throw Self.unsupported("peft_type \(type); this engine reads LORA")
        }
        if let bias = try file.decodeIfPresent(String.self, forKey: Name("bias")), bias != "none" {
            throw Self.unsupported("bias \"\(bias)\"; only \"none\" is")
        }
        for field in Self.refused where try !Self.isNothing(file, Name(field)) {
            throw Self.unsupported("\(field) being set")
        }
        guard let rank = try file.decodeIfPresent(Int.self, forKey: Name("r")) else {
            throw CheckpointError(.malformed, "r (the rank) is missing")
        }
        base = try file.decodeIfPresent(String.self, forKey: Name("base_model_name_or_path"))
        let alpha = try file.decodeIfPresent(Double.self, forKey: Name("lora_alpha")) ?? 8
        configuration = try LoRAConfiguration(
            rank: rank, alpha: alpha, dropout: file.decodeIfPresent(Double.self, forKey: Name("lora_dropout")) ?? 0,
            targets: Self.targets(file),
            rankStabilized: file.decodeIfPresent(Bool.self, forKey: Name("use_rslora")) ?? false)
    }

    private static func targets(_ file: KeyedDecodingContainer<Name>) throws -> [LoRATarget] {
        let key = Name("target_modules")
        if let pattern = try? file.decode(String.self, forKey: key) {
            guard pattern == "all-linear" else {
                throw unsupported("a pattern as target_modules; list the modules by name")
            }
            return LoRATarget.allCases
        }
        return try file.decode([String].self, forKey: key).map { name in
            guard let target = LoRATarget(rawValue: name) else {
                let known = LoRATarget.allCases.map(\.rawValue).joined(separator: ", ")
                throw unsupported("the target module \"\(name)\"; \(known) are")
            }
            return target
        }
    }

    /// Whether a field is absent, null, false, or an empty list or object.
    private static func isNothing(_ file: KeyedDecodingContainer<Name>, _ key: Name) throws -> Bool {
        guard file.contains(key), try !file.decodeNil(forKey: key) else { return true }
        if let flag = try? file.decode(Bool.self, forKey: key) { return !flag }
        if let list = try? file.nestedUnkeyedContainer(forKey: key) { return list.isAtEnd }
        if let object = try? file.nestedContainer(keyedBy: Name.self, forKey: key) { return object.allKeys.isEmpty }
        return false
    }

    private static func unsupported(_ what: String) -> CheckpointError {
        CheckpointError(.unsupported, "does not support \(what)")
    }
}
