// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The weights of a model that answers, repacked into panels.
struct ServedWeights: Sendable {
    // The norms point into `memory`, which lives as long as this value and is not written once it is made.
    struct Layer: @unchecked Sendable {
        let inputNorm: UnsafePointer<Float>
        let queryKeyValue: PanelMatrix
        let output: PanelMatrix
        let postNorm: UnsafePointer<Float>
        /// 32 columns of gate, then the same of up, then the next 32 of gate …
        let gateUp: PanelMatrix
        let down: PanelMatrix
    }

    /// As in `Layer`.
    struct Final: @unchecked Sendable {
        let norm: UnsafePointer<Float>
    }

    /// Rows are the tokens.
    let embedding: PanelMatrix
    let layers: [Layer]
    let final: Final
    /// The embedding itself when tied.
    let head: PanelMatrix
    /// All of the above.
    let memory: PanelMemory

    private static let names = ["gate", "up"]

    init(_ source: some WeightSource, format: PanelFormat) throws {
        let c = source.configuration
        let columns = QueryKeyValueColumns(c)
        let plan = WeightPlan(source, format)
        do { memory = try PanelMemory(bytes: try plan.bytes()) } catch let error as TensorError {
            throw LlamaError(.outOfMemory, "the weights of a model: \(error.description)")
        }
        let memory = memory
        func matrix(_ kind: WeightPlan.Kind, _ source: @escaping (Int) -> (StoredMatrix, Int)?) throws -> PanelMatrix {
            PanelMatrix(
                try plan.format(kind), depth: plan.depth(kind), columns: plan.columns(kind), in: memory, source: source)
        }
        func stored(_ name: String, _ rows: Int, _ depth: Int) throws -> StoredMatrix {
            try source.matrix(name + ".weight", rows: rows, columns: depth)
        }
        let embedding = try stored("model.embed_tokens", c.vocabularySize, c.hiddenSize)
        self.embedding = try matrix(.embedding) { (embedding, $0) }
        source.release()
        layers = try (0..<c.layerCount).map { layer in
            let prefix = "model.layers.\(layer)."
            let heads = [
                try stored(prefix + "self_attn.q_proj", c.queryWidth, c.hiddenSize),
                try stored(prefix + "self_attn.k_proj", c.keyValueWidth, c.hiddenSize),
                try stored(prefix + "self_attn.v_proj", c.keyValueWidth, c.hiddenSize),
            ]
            let output = try stored(prefix + "self_attn.o_proj", c.hiddenSize, c.queryWidth)
            let pair = try Self.names.map { try stored(prefix + "mlp.\($0)_proj", c.intermediateSize, c.hiddenSize) }
            let down = try stored(prefix + "mlp.down_proj", c.hiddenSize, c.intermediateSize)
            let width = PanelMatrix.panelColumns
            let result = Layer(
                inputNorm: memory.vector(try stored(prefix + "input_layernorm", 1, c.hiddenSize)),
                queryKeyValue: try matrix(.queryKeyValue(layer)) { column in
                    columns.source(column).map { (heads[$0.weight], $0.row) }
                },
                output: try matrix(.output(layer)) { (output, $0) },
                postNorm: memory.vector(try stored(prefix + "post_attention_layernorm", 1, c.hiddenSize)),
                gateUp: try matrix(.gateUp(layer)) { column in
                    let row = column / (2 * width) * width + column % width
                    return row < c.intermediateSize ? (pair[column / width % 2], row) : nil
                },
                down: try matrix(.down(layer)) { (down, $0) })
            source.release()
            return result
        }
        final = Final(norm: memory.vector(try stored("model.norm", 1, c.hiddenSize)))
        if c.tieWordEmbeddings {
            head = self.embedding
        } else {
            let stored = try stored("lm_head", c.vocabularySize, c.hiddenSize)
            head = try matrix(.head) { (stored, $0) }
        }
        source.release()
    }
}
