// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// Where each weight lies in the block of all weights.
///
/// q, k and v lie one after the other, as do gate and up, so that each group is one matrix and one product.
struct LlamaLayout: Sendable, Equatable {
    struct Block: Sendable, Equatable {
        var inputNorm = 0
        var queryKeyValue = 0
        var output = 0
        var postNorm = 0
        var gateUp = 0
        var down = 0
    }

    let parameters: ParameterLayout
    let embedding: Int
    let blocks: [Block]
    let norm: Int
    /// The output projection: the embedding itself when tied.
    let head: Int

    /// Where gradients are sums over rows or tokens and not one product: norms, and an embedding that is not the head.
    var addedTo: [Range<Int>] {
        parameters.entries.filter { $0.shape.rank == 1 || ($0.offset == embedding && embedding != head) }
            .map(\.range)
    }

    init(_ c: LlamaConfiguration) {
        var tensors: [(name: String, shape: Shape)] = []
        var offset = 0
        func add(_ name: String, _ shape: Shape) -> Int {
            tensors.append((name, shape))
            defer { offset += shape.count }
            return offset
        }
        embedding = add("model.embed_tokens.weight", [c.vocabularySize, c.hiddenSize])
        var blocks: [Block] = []
        for layer in 0..<c.layerCount {
            let prefix = "model.layers.\(layer)."
            var block = Block()
            block.inputNorm = add(prefix + "input_layernorm.weight", [c.hiddenSize])
            block.queryKeyValue = add(prefix + "self_attn.q_proj.weight", [c.queryWidth, c.hiddenSize])
            _ = add(prefix + "self_attn.k_proj.weight", [c.keyValueWidth, c.hiddenSize])
            _ = add(prefix + "self_attn.v_proj.weight", [c.keyValueWidth, c.hiddenSize])
            block.output = add(prefix + "self_attn.o_proj.weight", [c.hiddenSize, c.queryWidth])
            block.postNorm = add(prefix + "post_attention_layernorm.weight", [c.hiddenSize])
            block.gateUp = add(prefix + "mlp.gate_proj.weight", [c.intermediateSize, c.hiddenSize])
            _ = add(prefix + "mlp.up_proj.weight", [c.intermediateSize, c.hiddenSize])
            block.down = add(prefix + "mlp.down_proj.weight", [c.hiddenSize, c.intermediateSize])
            blocks.append(block)
        }
        self.blocks = blocks
        norm = add("model.norm.weight", [c.hiddenSize])
        head = c.tieWordEmbeddings ? embedding : add("lm_head.weight", [c.vocabularySize, c.hiddenSize])
        parameters = ParameterLayout(tensors)
    }
}
