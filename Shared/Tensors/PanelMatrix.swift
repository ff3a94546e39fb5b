// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels

/// A weight [columns, depth] repacked for x · Wᵀ: panels of 32 columns, in which what a product reads together lies
/// together.
///
/// An element of a product is defined to the bit by the format (ServingKernels.h, CKernels.h): rows, panels and threads
/// may split it in any way, on any processor.
///
/// Invariant behind `@unchecked Sendable`: memory is written by `init` alone.
public final class PanelMatrix: @unchecked Sendable {
    /// What the weights are kept in.
    public let format: PanelFormat
    /// What a product sums over.
    public let depth: Int
    /// Outputs.
    public let columns: Int
    let base: UnsafeMutableRawPointer
    private let memory: PanelMemory

    /// Columns of a panel.
    public static let panelColumns = Int(CK_PANEL_COLUMNS)

    /// Panels of 32 columns.
    public var panelCount: Int { Self.panels(columns) }

    /// Panels that hold so many columns.
    public static func panels(_ columns: Int) -> Int { (columns + panelColumns - 1) / panelColumns }

    /// Bytes of a panel.
    public var panelBytes: Int { Self.panelBytes(format, depth: depth) }

    private static func panelBytes(_ format: PanelFormat, depth: Int) -> Int {
        switch format {
        case .float32: depth * panelColumns * 4
        case .bfloat16: ck_panel_size(depth) * 2
        case .q8: depth / BlockFormat.elements * Int(CK_Q8_PANEL_BLOCK)
        case .q4: depth / BlockFormat.elements * Int(CK_Q4_PANEL_BLOCK)
        }
    }

    /// Bytes of memory a matrix takes.
    public static func bytes(_ format: PanelFormat, depth: Int, columns: Int) -> Int {
        PanelMemory.size(panels(columns) * panelBytes(format, depth: depth))
    }

    /// Repacks `columns` columns, of which number i is `source(i)`: a row of a stored matrix of this depth, or nil for
    /// zeros. Blocks of the same format are taken as they are; else numbers are rounded once. Uses all threads. In memory
    /// that holds the weights already, nothing is asked for.
    ///
    /// - Precondition: a quantised format's depth is a multiple of 32.
    public init(
        _ format: PanelFormat, depth: Int, columns: Int, in memory: PanelMemory,
        source: (Int) -> (matrix: StoredMatrix, row: Int)?
    ) {
        precondition(format.blocks == nil || depth % BlockFormat.elements == 0, "blocks do not fill rows of \(depth)")
        self.format = format
        self.depth = depth
        self.columns = columns
        self.memory = memory
        base = memory.take(Self.bytes(format, depth: depth, columns: columns))
        guard !memory.holdsWeights else { return }
        ThreadPool.shared.parallel(panelCount, grain: 1) { range in
            let packer = PanelPacker(format, depth: depth)
            for panel in range {
                for column in 0..<Self.panelColumns {
                    let index = panel * Self.panelColumns + column
                    packer.set(column, index < columns ? source(index) : nil)
                }
                packer.pack(into: base + panel * panelBytes)
            }
        }
    }

    /// One column as float32: a row of the weight, as its format keeps it.
    public func column(_ index: Int, into x: UnsafeMutablePointer<Float>) {
        let (panel, column) = (base + index / Self.panelColumns * panelBytes, index % Self.panelColumns)
        switch format {
        case .float32:
            let values = panel.assumingMemoryBound(to: Float.self)
            for i in 0..<depth { x[i] = values[i * Self.panelColumns + column] }
        case .bfloat16:
            let values = panel.assumingMemoryBound(to: UInt16.self)
            for i in 0..<depth {
                let bits = values[i / 2 * 2 * Self.panelColumns + column * 2 + i % 2]
                x[i] = Float(bitPattern: UInt32(bits) << 16)
            }
        case .q8, .q4:
            guard let blocks = format.blocks else { return }
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: blocks.size(depth)) { row in
                guard let row = row.baseAddress else { return }
                ck_unpack_blocks(blocks.kernelType, panel.assumingMemoryBound(to: UInt8.self), column, depth, row)
                blocks.dequantize(row, count: depth, into: x)
            }
        }
    }
}
