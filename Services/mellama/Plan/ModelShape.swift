// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages

/// The sizes of a LLaMA model that its cost follows from, by the names of config.json.
struct ModelShape: Sendable, Hashable {
    var vocabulary: Int
    var hidden: Int
    var intermediate: Int
    var layers: Int
    var heads: Int
    var keyValueHeads: Int
    var headSize: Int
    var isTied: Bool

    /// Reads a config.json; nil where a size is missing or out of bounds.
    init?(configuration: JSONValue) {
        func size(_ names: String...) -> Int? {
            for name in names {
                if let value = configuration[name]?.doubleValue, value >= 1, value <= 1e7 { return Int(value) }
            }
            return nil
        }
        guard let vocabulary = size("vocab_size"), let hidden = size("hidden_size", "dim"),
            let layers = size("num_hidden_layers", "n_layers"), let heads = size("num_attention_heads", "n_heads"),
            let intermediate = size("intermediate_size")
        else { return nil }
        self.vocabulary = vocabulary
        self.hidden = hidden
        self.intermediate = intermediate
        self.layers = layers
        self.heads = heads
        keyValueHeads = size("num_key_value_heads", "n_kv_heads") ?? heads
        headSize = size("head_dim") ?? hidden / heads
        isTied = configuration["tie_word_embeddings"] == .bool(true)
    }

    /// Reads the config.json of a model's folder.
    init?(folder: String) {
        guard let data = FileManager.default.contents(atPath: "\(folder)/config.json"), data.count < 1 << 20,
            let value = try? MessageDecoder.parse(data)
        else { return nil }
        self.init(configuration: value)
    }

    /// Trainable numbers in all: embeddings, attention, gated feed-forward, norms.
    var parameters: Double {
        let h = Double(hidden)
        let queries = Double(heads * headSize)
        let keys = Double(keyValueHeads * headSize)
        let block = h * queries + 2 * h * keys + queries * h + 3 * h * Double(intermediate) + 2 * h
        return Double(vocabulary) * h * (isTied ? 1 : 2) + Double(layers) * block + h
    }

    /// The numbers of a low-rank adapter: rank · (in + out) for each projection, all seven by default.
    func adapterParameters(rank: Int, targets: [String]?) -> Double {
        let queries = heads * headSize
        let keys = keyValueHeads * headSize
        let sizes: [String: Int] = [
            "q_proj": hidden + queries, "k_proj": hidden + keys, "v_proj": hidden + keys, "o_proj": queries + hidden,
            "gate_proj": hidden + intermediate, "up_proj": hidden + intermediate, "down_proj": intermediate + hidden,
        ]
        let each = (targets ?? TrainingSettings.projections).reduce(0) { $0 + (sizes[$1] ?? 0) }
        return Double(layers * each * rank)
    }

    /// Activations kept for the backward pass of `tokens` tokens in sequences of `length`, in float32 bytes: by block the
    /// inputs of each product and norm. Attention weights are computed again, for one head at a time, and logits a few
    /// rows at a time. An estimate, not a measurement.
    func activationBytes(tokens: Double, length: Int) -> Double {
        let block = 8 * hidden + 2 * heads * headSize + 2 * keyValueHeads * headSize + 4 * intermediate
        let passing = Double(2 * length * length + min(Int(tokens), 1024) * vocabulary)
        return 4 * (tokens * Double(layers) * Double(block) + passing)
    }
}
