// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Products with matrices in the type of their file: float32 as it lies, anything else widened a few columns of the
/// result at a time, so that sums run over the whole depth as they do for the widened matrix.
extension BLAS {
    /// Columns of a result for which a thread widens a matrix at a time.
    private static let widenedColumns = 128

    /// Floats of scratch for products over this depth and less with a matrix that is not float32.
    public static func storedScratch(depth: Int, threads: Int = ThreadPool.shared.slots) -> Int {
        threads * widenedColumns * depth
    }

    /// y [rows, w.rows] = x [rows, w.columns] · wᵀ, added to y if `accumulate`. The scratch may be nil for float32.
    public static func linear(
        _ x: UnsafePointer<Float>, rows: Int, _ w: StoredMatrix, into y: UnsafeMutablePointer<Float>,
        accumulate: Bool = false, scratch: UnsafeMutablePointer<Float>?
    ) {
        let (out, depth) = (w.rows, w.columns)
        if let floats = w.floats {
            return linear(
                x, stride: depth, rows: rows, floats, out: out, in: depth, into: y, stride: out,
                accumulate: accumulate)
        }
        widened(out, depth: depth, scratch) { columns, part in
            for (index, row) in columns.enumerated() { w.widenInThread(row, 0..<depth, into: part + index * depth) }
            gemmInThread(
                false, true, rows, columns.count, depth, 1, x, depth, part, depth, accumulate ? 1 : 0,
                y + columns.lowerBound, out)
        }
    }

    /// dx [rows, w.columns] = dy [rows, w.rows] · w. The scratch may be nil for float32.
    public static func product(
        _ dy: UnsafePointer<Float>, rows: Int, _ w: StoredMatrix, into dx: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>?
    ) {
        let (depth, width) = (w.rows, w.columns)
        if let floats = w.floats {
            return gemm(false, false, rows, width, depth, 1, dy, depth, floats, width, 0, dx, width)
        }
        widened(width, depth: depth, scratch) { columns, part in
            for row in 0..<depth { w.widenInThread(row, columns, into: part + row * columns.count) }
            gemmInThread(
                false, false, rows, columns.count, depth, 1, dy, depth, part, columns.count, 0,
                dx + columns.lowerBound, width)
        }
    }

    /// Calls `body` on all threads with some columns, the first a multiple of 32, and room for as many of this depth.
    private static func widened(
        _ count: Int, depth: Int, _ scratch: UnsafeMutablePointer<Float>?,
        _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
    ) {
        guard let scratch else { preconditionFailure("no memory was taken to widen a matrix in") }
        let split = EvenSplit(
            count, grain: BlockFormat.elements, most: widenedColumns, threads: ThreadPool.shared.threads)
        ThreadPool.shared.run(split.pieces) { piece in
            guard !split[piece].isEmpty else { return }
            body(split[piece], scratch + ThreadPool.slot * widenedColumns * depth)
        }
    }
}

extension StoredMatrix {
    /// The elements, if they are float32 and lie as such in memory.
    fileprivate var floats: UnsafePointer<Float>? {
        guard type == .numbers(.float32), Int(bitPattern: base) % MemoryLayout<Float>.alignment == 0 else { return nil }
        return base.assumingMemoryBound(to: Float.self)
    }
}
