// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension BFloat16Product {
    /// A · B for row-major A [rows, depth of B] and, added to it, the addend's product: the bits do not depend on whether B
    /// was packed before. On all threads.
    public static func multiply(
        _ a: UnsafePointer<UInt16>, stride: Int, rows: Int, _ b: BFloat16Operand, into result: Result,
        adding addend: Addend? = nil
    ) {
        switch b {
        case .packed(let b): multiply(a, stride: stride, rows: rows, b, into: result, adding: addend)
        case .stored(let matrix, let source, let scratch):
            let (depth, columns) =
                source == .columns ? (matrix.columns, matrix.rows) : (matrix.rows, matrix.columns)
            guard rows > 0, columns > 0 else { return }
            let width = storedColumns(depth)
            let size = PackedMatrix.size(depth: depth, columns: width)
            let across = EvenSplit(
                columns, grain: PackedMatrix.panelColumns, most: width, threads: ThreadPool.shared.threads)
            let down = EvenSplit(rows, grain: panelRows, most: rowBlock, threads: 1)
            ThreadPool.shared.run(across.pieces) { piece in
                let range = across[piece]
                guard !range.isEmpty else { return }
                let part = PackedMatrix(
                    depth: depth, columns: range.count, in: scratch + ThreadPool.slot * size)
                part.packInThread(source, matrix, columns: range.lowerBound)
                for block in 0..<down.pieces {
                    sum(
                        Addend(a, stride: stride, part), addend?.columns(range), rows: down[block],
                        columns: range.count, result.at(down[block].lowerBound, range.lowerBound))
                }
            }
        }
    }

    /// The same, the sums going to C.
    public static func multiply(
        _ a: UnsafePointer<UInt16>, stride: Int, rows: Int, _ b: BFloat16Operand,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int
    ) {
        multiply(a, stride: stride, rows: rows, b, into: .floats(c, stride: cStride))
    }

    /// Panels that a thread packs at a time, at most, and elements of them if they are deep.
    private static let storedPanels = 8
    private static let storedSize = 1 << 19

    /// Columns of a stored operand that a thread packs at a time: a megabyte of them, but at least two panels, so that
    /// what is read of a row is more than a line of the cache.
    private static func storedColumns(_ depth: Int) -> Int {
        let panels = storedSize / max(1, depth) / PackedMatrix.panelColumns
        return max(2, min(storedPanels, panels)) * PackedMatrix.panelColumns
    }

    /// Elements of scratch for stored operands of this depth and less.
    public static func storedScratch(depth: Int, threads: Int = ThreadPool.shared.slots) -> Int {
        let widest = storedPanels * PackedMatrix.panelColumns
        let shallower = min(PackedMatrix.size(depth: depth, columns: widest), storedSize + 2 * widest)
        return threads * max(shallower, PackedMatrix.size(depth: depth, columns: storedColumns(depth)))
    }
}
