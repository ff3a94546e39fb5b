// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A projection of a block that can carry a low-rank adapter.
public enum LoRATarget: String, Sendable, CaseIterable, Codable {
    case query = "q_proj"
    case key = "k_proj"
    case value = "v_proj"
    case output = "o_proj"
    case gate = "gate_proj"
    case up = "up_proj"
    case down = "down_proj"

    /// The module's name in a block: `self_attn.q_proj`.
    public var modulePath: String {
        switch self {
        case .query, .key, .value, .output: "self_attn.\(rawValue)"
        case .gate, .up, .down: "mlp.\(rawValue)"
        }
    }

    /// The place in fixed-size tables.
    var index: Int {
        switch self {
        case .query: 0
        case .key: 1
        case .value: 2
        case .output: 3
        case .gate: 4
        case .up: 5
        case .down: 6
        }
    }

    /// Inputs of the projection.
    func inputs(_ c: LlamaConfiguration) -> Int {
        switch self {
        case .query, .key, .value, .gate, .up: c.hiddenSize
        case .output: c.queryWidth
        case .down: c.intermediateSize
        }
    }

    /// Outputs of the projection.
    func outputs(_ c: LlamaConfiguration) -> Int {
        switch self {
        case .query: c.queryWidth
        case .key, .value: c.keyValueWidth
        case .gate, .up: c.intermediateSize
        case .output, .down: c.hiddenSize
        }
    }
}
