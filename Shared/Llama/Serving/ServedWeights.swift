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

    /// Repacks the weights of `source` where `place` says; if it has kept them, nothing of them is read.
    init(_ source: some WeightSource, format: PanelFormat, place: some PackedWeightPlace) throws {
        let c = source.configuration
        let columns = QueryKeyValueColumns(c)
        let plan = WeightPlan(source, format)
        let memory = try place.memory(layout: try plan.layout(), bytes: try plan.bytes())
        self.memory = memory
        func matrix(_ kind: WeightPlan.Kind, _ source: (Int) -> (StoredMatrix, Int)?) throws -> PanelMatrix {
            PanelMatrix(
                try plan.format(kind), depth: plan.depth(kind), columns: plan.columns(kind), in: memory, source: source)
        }
        /// Nil where the weights are in the memory already.
        func stored(_ name: String, _ rows: Int, _ depth: Int) throws -> StoredMatrix? {
            memory.holdsWeights ? nil : try source.matrix(name + ".weight", rows: rows, columns: depth)
        }
        func row(_ index: Int, of matrix: StoredMatrix?) -> (StoredMatrix, Int)? { matrix.map { ($0, index) } }
        let embedding = try stored("model.embed_tokens", c.vocabularySize, c.hiddenSize)
        self.embedding = try matrix(.embedding) { row($0, of: embedding) }
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
                inputNorm: memory.vector(
                    try stored(prefix + "input_layernorm", 1, c.hiddenSize), count: c.hiddenSize),
                queryKeyValue: try matrix(.queryKeyValue(layer)) { column in
                    columns.source(column).flatMap { row($0.row, of: heads[$0.weight]) }
                },
                output: try matrix(.output(layer)) { row($0, of: output) },
                postNorm: memory.vector(
                    try stored(prefix + "post_attention_layernorm", 1, c.hiddenSize), count: c.hiddenSize),
                gateUp: try matrix(.gateUp(layer)) { column in
                    let index = column / (2 * width) * width + column % width
                    return index < c.intermediateSize ? row(index, of: pair[column / width % 2]) : nil
                },
                down: try matrix(.down(layer)) { row($0, of: down) })
            source.release()
            return result
        }
        final = Final(norm: memory.vector(try stored("model.norm", 1, c.hiddenSize), count: c.hiddenSize))
        if c.tieWordEmbeddings {
            head = self.embedding
        } else {
            let stored = try stored("lm_head", c.vocabularySize, c.hiddenSize)
            head = try matrix(.head) { row($0, of: stored) }
        }
        source.release()
        if !memory.holdsWeights { place.keep(memory) }
    }
}
