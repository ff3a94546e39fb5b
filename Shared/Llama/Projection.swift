// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The four matrices of a block; q, k and v are one, as are gate and up.
enum Projection: Int, CaseIterable {
    case queryKeyValue, output, gateUp, down

    /// Where the matrix lies in the block of all weights.
    func place(_ block: LlamaLayout.Block) -> Int {
        switch self {
        case .queryKeyValue: block.queryKeyValue
        case .output: block.output
        case .gateUp: block.gateUp
        case .down: block.down
        }
    }

    func inputs(_ c: LlamaConfiguration) -> Int {
        switch self {
        case .queryKeyValue, .gateUp: c.hiddenSize
        case .output: c.queryWidth
        case .down: c.intermediateSize
        }
    }

    func outputs(_ c: LlamaConfiguration) -> Int {
        switch self {
        case .queryKeyValue: c.queryWidth + 2 * c.keyValueWidth
        case .output, .down: c.hiddenSize
        case .gateUp: 2 * c.intermediateSize
        }
    }

    /// The projections that an adapter can sit on, with the first of their columns in the output.
    func targets(_ c: LlamaConfiguration) -> [(target: LoRATarget, column: Int)] {
        switch self {
        case .queryKeyValue: [(.query, 0), (.key, c.queryWidth), (.value, c.queryWidth + c.keyValueWidth)]
        case .output: [(.output, 0)]
        case .gateUp: [(.gate, 0), (.up, c.intermediateSize)]
        case .down: [(.down, 0)]
        }
    }
}
