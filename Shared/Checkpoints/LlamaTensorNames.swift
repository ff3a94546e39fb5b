// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Tensors

/// The names and the order of rows that GGUF files of the architecture `llama` give a model's tensors.
struct LlamaTensorNames {
    /// The factors by which files divide the rotary frequencies.
    static let ropeFactors = "rope_freqs.weight"

    private static let single = [
        "model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
        "lm_head.weight": "output.weight",
    ]
    private static let block = [
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
        "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    ]

    let configuration: LlamaConfiguration

    /// The name in GGUF of a tensor with this published name.
    func stored(_ name: String) -> String {
        if let name = Self.single[name] { return name }
        let parts = name.split(separator: ".", maxSplits: 3).map(String.init)
        let module = String(parts[3].dropLast(".weight".count))
        guard let stored = Self.block[module] else { preconditionFailure("a Llama has no tensor \(name)") }
        return "blk.\(parts[2]).\(stored).weight"
    }

    /// The row in GGUF of row `row` of a tensor.
    ///
    /// Rotary embedding here turns element i of a head with element i + half; GGUF's turns 2i with 2i + 1, so the rows of
    /// q and k are interleaved there, head by head.
    func storedRow(_ row: Int, of name: String) -> Int {
        guard isInterleaved(name) else { return row }
        let width = configuration.headDimension
        let (head, place) = row.quotientAndRemainder(dividingBy: width)
        let (side, pair) = place.quotientAndRemainder(dividingBy: width / 2)
        return head * width + 2 * pair + side
    }

    /// Whether the rows of a tensor are in another order in GGUF.
    func isInterleaved(_ name: String) -> Bool {
        name.hasSuffix(".q_proj.weight") || name.hasSuffix(".k_proj.weight")
    }
}
