// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels

/// Packs one panel after the other from rows of stored matrices, on one thread.
final class PanelPacker {
    private let format: PanelFormat
    private let depth: Int
    private var sources = [(matrix: StoredMatrix, row: Int)?](repeating: nil, count: PanelMatrix.panelColumns)
    /// The 32 columns as float32, as bfloat16, and as blocks: each where it is needed.
    private let floats: UnsafeMutablePointer<Float>
    private let halves: UnsafeMutablePointer<UInt16>
    private let blocks: UnsafeMutablePointer<UInt8>

    init(_ format: PanelFormat, depth: Int) {
        self.format = format
        self.depth = depth
        let count = PanelMatrix.panelColumns * depth
        floats = .allocate(capacity: count)
        halves = .allocate(capacity: count)
        blocks = .allocate(capacity: 2 * count)
    }

    deinit {
        floats.deallocate()
        halves.deallocate()
        blocks.deallocate()
    }

    /// Says which row a column is.
    func set(_ column: Int, _ source: (matrix: StoredMatrix, row: Int)?) {
        precondition(source.map { $0.matrix.columns == depth && 0..<$0.matrix.rows ~= $0.row } ?? true, "no such row")
        sources[column] = source
    }

    /// Packs the 32 columns.
    func pack(into panel: UnsafeMutableRawPointer) {
        switch format {
        case .float32:
            let rows: [UnsafePointer<Float>?] = sources.indices.map { widened($0) }
            ck_pack_f32(rows, depth, panel.assumingMemoryBound(to: Float.self))
        case .bfloat16:
            let to = panel.assumingMemoryBound(to: UInt16.self)
            if sources.allSatisfy({ $0.map { $0.matrix.type == .numbers(.bfloat16) } ?? true }) {
                copyHalves()
                ck_pack_columns_bf16(halves, depth, depth, PanelMatrix.panelColumns, 0, 1, to)
            } else {
                for column in sources.indices where widened(column) == nil {
                    (floats + column * depth).update(repeating: 0, count: depth)
                }
                ck_pack_columns_f32(floats, depth, depth, PanelMatrix.panelColumns, 0, 1, to)
            }
        case .q8, .q4:
            guard let format = format.blocks else { return }
            let rows = sources.indices.map { quantized($0, format) }
            ck_pack_blocks(format.kernelType, rows, depth, panel.assumingMemoryBound(to: UInt8.self))
        }
    }

    private func widened(_ column: Int) -> UnsafePointer<Float>? {
        guard let source = sources[column] else { return nil }
        let row = floats + column * depth
        source.matrix.widen(source.row, into: row)
        return UnsafePointer(row)
    }

    private func copyHalves() {
        for (column, source) in sources.enumerated() {
            let row = UnsafeMutableRawPointer(halves + column * depth)
            if let source {
                row.copyMemory(from: source.matrix.row(source.row), byteCount: depth * 2)
            } else {
                row.initializeMemory(as: UInt8.self, repeating: 0, count: depth * 2)
            }
        }
    }

    private func quantized(_ column: Int, _ format: BlockFormat) -> UnsafePointer<UInt8>? {
        guard let source = sources[column] else { return nil }
        if source.matrix.type == .blocks(format) {
            return source.matrix.row(source.row).assumingMemoryBound(to: UInt8.self)
        }
        guard let row = widened(column) else { return nil }
        let to = blocks + column * format.size(depth)
        format.quantize(row, count: depth, into: to)
        return UnsafePointer(to)
    }
}
