// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// Which format each matrix of a model is kept in, and the memory that takes.
struct WeightPlan {
    enum Kind {
        case embedding
        case queryKeyValue(Int)
        case output(Int)
        case gateUp(Int)
        case down(Int)
        case head
    }

    private let source: any WeightSource
    private let wanted: PanelFormat
    private var c: LlamaConfiguration { source.configuration }

    init(_ source: any WeightSource, _ wanted: PanelFormat) {
        self.source = source
        self.wanted = wanted
    }

    func depth(_ kind: Kind) -> Int {
        switch kind {
        case .embedding, .queryKeyValue, .gateUp, .head: c.hiddenSize
        case .output: c.queryWidth
        case .down: c.intermediateSize
        }
    }

    func columns(_ kind: Kind) -> Int {
        switch kind {
        case .embedding, .head: c.vocabularySize
        case .queryKeyValue: QueryKeyValueColumns(c).count
        case .output, .down: c.hiddenSize
        case .gateUp: 2 * PanelMatrix.panels(c.intermediateSize) * PanelMatrix.panelColumns
        }
    }

    /// The format wanted, but: rows that are no whole blocks stay in float32; where blocks are wanted, stored blocks are
    /// taken as they are; and with Q4_0 the embedding and the head, whose errors reach every token, are kept in Q8_0.
    func format(_ kind: Kind) throws -> PanelFormat {
        guard wanted.blocks != nil else { return wanted }
        guard depth(kind) % BlockFormat.elements == 0 else { return .float32 }
        let types = try names(kind).map { try source.type(of: $0.name, rows: $0.rows, columns: depth(kind)) }
        if case .blocks(let stored)? = types.first, types.allSatisfy({ $0 == types[0] }) {
            return stored == .q8 ? .q8 : .q4
        }
        switch kind {
        case .embedding, .head: return .q8
        case .queryKeyValue, .output, .gateUp, .down: return wanted
        }
    }

    /// The memory of all matrices and norms.
    func bytes() throws -> Int {
        let matrices = try kinds.reduce(0) {
            $0 + PanelMatrix.bytes(try format($1), depth: depth($1), columns: columns($1))
        }
        return matrices + (2 * c.layerCount + 1) * PanelMemory.size(c.hiddenSize * 4)
    }

    /// What lies where in that memory, in words: weights of another layout lie otherwise.
    func layout() throws -> String {
        let matrices = try kinds.map { "\(try format($0).rawValue) \(depth($0)) \(columns($0))" }
        let heads = "\(c.headCount) \(c.keyValueHeadCount) \(c.headDimension)"
        return "packing \(PanelMemory.packingVersion); heads \(heads); matrices \(matrices.joined(separator: ", "))"
    }

    private var kinds: [Kind] {
        let layers: [Kind] = (0..<c.layerCount).flatMap { [.queryKeyValue($0), .output($0), .gateUp($0), .down($0)] }
        return [.embedding] + layers + (c.tieWordEmbeddings ? [] : [.head])
    }

    private func names(_ kind: Kind) -> [(name: String, rows: Int)] {
        func inLayer(_ layer: Int, _ name: String) -> String { "model.layers.\(layer).\(name)_proj.weight" }
        switch kind {
        case .embedding: return [("model.embed_tokens.weight", c.vocabularySize)]
        case .head: return [("lm_head.weight", c.vocabularySize)]
        case .queryKeyValue(let layer):
            return [
                (inLayer(layer, "self_attn.q"), c.queryWidth), (inLayer(layer, "self_attn.k"), c.keyValueWidth),
                (inLayer(layer, "self_attn.v"), c.keyValueWidth),
            ]
        case .output(let layer): return [(inLayer(layer, "self_attn.o"), c.hiddenSize)]
        case .gateUp(let layer):
            return ["mlp.gate", "mlp.up"].map { (inLayer(layer, $0), c.intermediateSize) }
        case .down(let layer): return [(inLayer(layer, "mlp.down"), c.hiddenSize)]
        }
    }
}
