// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// How fast one large product of a format is, in operations a second.
final class PanelProductSpeed {
    private static let (rows, depth, columns) = (512, 2048, 4096)
    private let matrix: PanelMatrix?
    private let inputs: PanelRows?
    private let output: UnsafeMutablePointer<Float>?
    private let arena = Arena()

    init(_ format: PanelFormat) {
        let (rows, depth, columns) = (Self.rows, Self.depth, Self.columns)
        let weights = [Float](repeating: 0.5, count: depth)
        let memory = try? PanelMemory(bytes: PanelMatrix.bytes(format, depth: depth, columns: columns))
        matrix = weights.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, let memory else { return nil }
            let row = StoredMatrix(.numbers(.float32), base, rows: 1, columns: depth)
            return PanelMatrix(format, depth: depth, columns: columns, in: memory) { _ in (row, 0) }
        }
        inputs = try? PanelRows(rows: rows, depth: depth, arena)
        output = try? arena.take(rows * columns)
        for row in 0..<rows { inputs?.row(row).update(repeating: 0.25, count: depth) }
        inputs?.prepare(0..<rows, for: format)
    }

    func best(of count: Int) -> Double {
        guard let matrix, let inputs, let output else { return 0 }
        let (rows, columns) = (Self.rows, Self.columns)
        let across = matrix.panelCount / 16
        var best = Double.infinity
        for _ in 0..<count {
            let start = ContinuousClock.now
            ThreadPool.shared.run(2 * across) { piece in
                let (row, panel) = (piece / across * rows / 2, piece % across * 16)
                matrix.multiply(
                    inputs, row..<row + rows / 2, panels: panel..<panel + 16,
                    into: output + row * columns + panel * PanelMatrix.panelColumns, stride: columns)
            }
            best = min(best, (ContinuousClock.now - start) / .seconds(1))
        }
        return 2 * Double(rows) * Double(Self.depth) * Double(columns) / best
    }
}
