// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// A low-rank adapter, packed for a model that answers. In float32 whatever the model's format.
public final class ServedAdapter: Sendable {
    /// One projection's share of a product that several have in common.
    struct Part: Sendable {
        let target: LoRATarget
        /// Where its columns of x · Aᵀ begin.
        let offset: Int
        /// B, for each group of columns (a key head's, or all at once) padded to whole panels.
        let b: PanelMatrix
        /// Panels and columns of a group.
        let panels: Int
        let columns: Int
        /// Where a group's columns begin in the product's.
        let start: Int
    }

    /// What is added to one product: scale · x · Aᵀ · Bᵀ, projection by projection.
    struct Stage: Sendable {
        /// A of all projections, one below the other.
        let a: PanelMatrix
        let parts: [Part]
    }

    struct Layer: Sendable {
        let queryKeyValue: Stage?
        let output: Stage?
        let gateUp: Stage?
        let down: Stage?
    }

    /// The dimensions of the model it belongs to.
    public let model: LlamaConfiguration
    /// Multiplies x · Aᵀ.
    let scale: Float
    let layers: [Layer]
    /// Columns of the widest A.
    let width: Int
    /// Bytes it takes.
    public let bytes: Int

    /// Packs an adapter. Throws `outOfMemory`.
    public init(_ adapter: LoRAAdapter) throws(LlamaError) {
        let c = adapter.model
        model = c
        scale = adapter.configuration.scale
        let groups = QueryKeyValueColumns(c)
        let heads: [(LoRATarget, columns: Int, start: Int)] = [
            (.query, groups.queryColumns, 0), (.key, c.headDimension, groups.queryColumns),
            (.value, c.headDimension, groups.queryColumns + c.headDimension),
        ]
        let rank = adapter.configuration.rank
        let stages: [(parts: [(LoRATarget, columns: Int, start: Int)], groups: Int)] = [
            (heads, c.keyValueHeadCount), ([(.output, c.hiddenSize, 0)], 1),
            ([(.gate, c.intermediateSize, 0), (.up, c.intermediateSize, 0)], 1), ([(.down, c.hiddenSize, 0)], 1),
        ]
        let kept = stages.map { stage in
            (stage.parts.filter { adapter.configuration.targets.contains($0.0) }, stage.groups)
        }
        width = rank * (kept.map(\.0.count).max() ?? 0)
        bytes =
            c.layerCount
            * kept.reduce(0) { sum, stage in
                guard let input = stage.0.first?.0.inputs(c) else { return sum }
                let a = PanelMatrix.bytes(.float32, depth: input, columns: rank * stage.0.count)
                return stage.0.reduce(sum + a) { sum, part in
                    let columns = stage.1 * PanelMatrix.panels(part.columns) * PanelMatrix.panelColumns
                    return sum + PanelMatrix.bytes(.float32, depth: rank, columns: columns)
                }
            }
        let memory: PanelMemory
        do { memory = try PanelMemory(bytes: bytes) } catch {
            throw LlamaError(.outOfMemory, "an adapter: \(error.description)")
        }
        layers = adapter.parameters.withUnsafeValues { values in
            (0..<c.layerCount).map { layer in
                func stage(_ index: Int) -> Stage? {
                    Self.stage(kept[index].0, groups: kept[index].1, layer, adapter, values, memory)
                }
                return Layer(queryKeyValue: stage(0), output: stage(1), gateUp: stage(2), down: stage(3))
            }
        }
    }

    private static func stage(
        _ targets: [(LoRATarget, columns: Int, start: Int)], groups: Int, _ layer: Int, _ adapter: LoRAAdapter,
        _ values: UnsafeBufferPointer<Float>, _ memory: PanelMemory
    ) -> Stage? {
        let (c, rank) = (adapter.model, adapter.configuration.rank)
        guard let first = targets.first, let base = values.baseAddress else { return nil }
        let inputs = first.0.inputs(c)
        func stored(_ offset: Int, _ rows: Int, _ columns: Int) -> StoredMatrix {
            StoredMatrix(.numbers(.float32), base + offset, rows: rows, columns: columns)
        }
        let modules = targets.compactMap { adapter.module($0.0, layer: layer) }
        let a = PanelMatrix(.float32, depth: inputs, columns: rank * modules.count, in: memory) { column in
            (stored(modules[column / rank].a, rank, inputs), column % rank)
        }
        let parts = zip(targets, modules).enumerated().map { index, pair in
            let (target, module) = pair
            let padded = PanelMatrix.panels(target.columns) * PanelMatrix.panelColumns
            let rows = stored(module.b, target.0.outputs(c), rank)
            let b = PanelMatrix(.float32, depth: rank, columns: groups * padded, in: memory) { column in
                column % padded < target.columns
                    ? (rows, column / padded * target.columns + column % padded) : nil
            }
            return Part(
                target: target.0, offset: index * rank, b: b, panels: PanelMatrix.panels(target.columns),
                columns: target.columns,
                start: target.start)
        }
        return Stage(a: a, parts: parts)
    }
}
