// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// One call's way through the model: scratch memory, and how the work is split over the threads.
///
/// A block has four stages, each one join of the threads: queries, keys, values and attention; the output projection;
/// gate and up; down. Few rows: every thread normalises and rounds its own copy of them, and a group of heads attends
/// as soon as it is computed. Many rows: that work is split too, at the cost of more joins.
final class ServedPass {
    /// Up to so many rows every thread prepares its own copy.
    static let fewRows = 4
    /// Up to so many rows the weights are read once, by all threads together; beyond, rows are split too.
    static let mostShared = 56
    /// Rows of a piece where rows are split.
    static let rowBlock = 252

    let model: ServedLlama
    let c: LlamaConfiguration
    let batch: ServedBatch
    let rows: Int
    let threads = ThreadPool.shared.threads
    let slots = ThreadPool.shared.slots
    /// The residual stream [rows, hidden].
    let stream: UnsafeMutablePointer<Float>
    /// [rows, columns of `QueryKeyValueColumns`].
    let queryKeyValue: UnsafeMutablePointer<Float>
    /// [rows, queryWidth].
    let mixed: UnsafeMutablePointer<Float>
    /// [rows, intermediate].
    let activated: UnsafeMutablePointer<Float>
    /// Inputs of the current stage's product: all rows, or a copy for each thread.
    private let inputs: PanelRows
    /// Low-rank products of the same rows.
    private let low: UnsafeMutablePointer<Float>
    let lowStride: Int
    /// Scratch of a piece, for each thread.
    private let scratch: UnsafeMutablePointer<Float>
    private let scratchSize: Int
    let angles: RotaryTable.Angles
    /// The stage that each thread's copy was made for.
    private let prepared: UnsafeMutablePointer<Int>
    private var stage = 0

    init(_ model: ServedLlama, _ batch: ServedBatch, _ arena: Arena) throws(LlamaError) {
        self.model = model
        self.batch = batch
        c = model.configuration
        rows = batch.rows
        angles = model.rotary.angles(count: (batch.positions.max() ?? 0) + 1)
        lowStride = ((batch.runs.compactMap { $0.adapter?.width }.max() ?? 0) + 15) / 16 * 16
        scratchSize = max(Self.gateScratch(rows, c, threads), Self.scoreScratch(batch, c))
        let copies = max(rows, slots * Self.fewRows)
        do {
            stream = try arena.take(rows * c.hiddenSize)
            queryKeyValue = try arena.take(rows * model.columns.count)
            mixed = try arena.take(rows * c.queryWidth)
            activated = try arena.take(rows * c.intermediateSize)
            inputs = try PanelRows(rows: copies, depth: max(c.hiddenSize, c.queryWidth, c.intermediateSize), arena)
            low = try arena.take(copies * lowStride)
            scratch = try arena.take(slots * scratchSize)
            prepared = try arena.take(slots, of: Int.self)
        } catch { throw LlamaError(.outOfMemory, "activations: \(error.description)") }
        prepared.update(repeating: 0, count: slots)
    }

    /// The scratch memory of the thread that computes the current piece.
    var pieceScratch: UnsafeMutablePointer<Float> { scratch + ThreadPool.slot * scratchSize }

    /// Where a stage's input comes from.
    struct Input {
        let rows: Int
        let depth: Int
        let format: PanelFormat
        /// Fills one row.
        let load: (Int, UnsafeMutablePointer<Float>) -> Void
        /// The adapters' share.
        let low: (ServedAdapter) -> ServedAdapter.Stage?
    }

    /// Rows of a stage, ready for its products: `first` is where row 0 lies.
    struct Ready {
        let rows: PanelRows
        let first: Int
        let low: UnsafeMutablePointer<Float>
    }

    /// Runs `body` for every piece with the input's rows prepared; returns when all have returned.
    ///
    /// With few rows the pieces are in stretches, one a thread: each then fetches its part of `next`, what is read after,
    /// since memory would else be idle while threads wait for each other.
    func run(_ input: Input, pieces: Int, next: PanelMatrix?, _ body: (Int, Ready) -> Void) {
        stage += 1
        again(input, pieces: pieces, next: next, prepares: input.rows > Self.fewRows, body)
    }

    /// As `run`, for more pieces of the same stage.
    func again(
        _ input: Input, pieces: Int, next: PanelMatrix? = nil, prepares: Bool = false, _ body: (Int, Ready) -> Void
    ) {
        var view = inputs
        view.depth = input.depth
        let rows = view
        if prepares {
            let grain = max(1, min(16, input.rows / (2 * threads)))
            ThreadPool.shared.parallel(input.rows, grain: grain) { prepare(input, $0, at: 0, rows) }
        }
        guard input.rows <= Self.mostShared else {
            return ThreadPool.shared.run(pieces) { body($0, Ready(rows: rows, first: 0, low: low)) }
        }
        let (stage, isFew, threads) = (stage, input.rows <= Self.fewRows, threads)
        func compute(_ piece: Int) {
            guard isFew else { return body(piece, Ready(rows: rows, first: 0, low: low)) }
            let slot = ThreadPool.slot
            let first = slot * Self.fewRows
            if prepared[slot] != stage {
                prepare(input, 0..<input.rows, at: first, rows)
                prepared[slot] = stage
            }
            body(piece, Ready(rows: rows, first: first, low: low + first * lowStride))
        }
        ThreadPool.shared.runStretches(pieces, compute) { next?.fetch(part: $0, of: threads) }
    }

    private func prepare(_ input: Input, _ range: Range<Int>, at first: Int, _ rows: PanelRows) {
        for row in range { input.load(row, rows.row(first + row)) }
        rows.prepare(first + range.lowerBound..<first + range.upperBound, for: input.format)
        guard lowStride > 0 else { return }
        for run in batch.runs {
            guard let adapter = run.adapter, let stage = input.low(adapter) else { continue }
            let shared = run.rows.clamped(to: range)
            guard !shared.isEmpty else { continue }
            let to = low + (first + shared.lowerBound) * lowStride
            let width = stage.a.columns
            stage.a.multiply(
                rows, first + shared.lowerBound..<first + shared.upperBound, panels: 0..<stage.a.panelCount, into: to,
                stride: lowStride)
            for row in 0..<shared.count { ServingKernels.scale(adapter.scale, to + row * lowStride, count: width) }
        }
    }

    /// Pieces of a thread's stretch of the weights, and panels of a piece: small enough that threads end together.
    private static let (stretchPieces, stretchPanels) = (6, 8)

    /// How a product [rows, panels] is split: rows and panels of a piece. Where rows are not split, each thread reads one
    /// stretch of the weights, piece by piece.
    static func split(rows: Int, panels: Int, threads: Int, widest: Int = 32) -> (rows: Int, panels: Int) {
        guard rows > mostShared else {
            let pieces = threads * stretchPieces
            return (rows, min(stretchPanels, max(1, (panels + pieces - 1) / pieces)))
        }
        let blocks = max(threads, (rows + rowBlock - 1) / rowBlock)
        return (((rows + blocks - 1) / blocks + 13) / 14 * 14, min(widest, panels))
    }

    /// Runs one piece for each part of a product with `matrix`; `next` is the matrix of the stage after.
    func product(
        _ input: Input, _ matrix: PanelMatrix, next: PanelMatrix?, unit: Int = 1, widest: Int = 32,
        _ body: (_ rows: Range<Int>, _ panels: Range<Int>, Ready) -> Void
    ) {
        let units = (matrix.panelCount + unit - 1) / unit
        let grain = Self.split(rows: input.rows, panels: units, threads: threads, widest: max(1, widest / unit))
        let across = (units + grain.panels - 1) / grain.panels
        let down = (input.rows + grain.rows - 1) / grain.rows
        run(input, pieces: down * across, next: next) { piece, ready in
            let (row, panel) = (piece / across * grain.rows, piece % across * grain.panels)
            body(
                row..<min(input.rows, row + grain.rows),
                panel * unit..<min(matrix.panelCount, (panel + grain.panels) * unit), ready)
        }
    }

    /// Calls `body` for every run of `rows` that has an adapter with such a stage.
    private func eachLow(
        _ stage: (ServedAdapter) -> ServedAdapter.Stage?, _ rows: Range<Int>,
        _ body: (ServedAdapter.Stage, Range<Int>) -> Void
    ) {
        guard lowStride > 0 else { return }
        for run in batch.runs {
            let shared = run.rows.clamped(to: rows)
            if !shared.isEmpty, let adapter = run.adapter, let stage = stage(adapter) { body(stage, shared) }
        }
    }

    /// Adds the adapters' products of a group of columns to `c`, which points to the first of the rows and of the columns.
    func addLow(
        _ stage: (ServedAdapter) -> ServedAdapter.Stage?, _ rows: Range<Int>, group: Int, _ ready: Ready,
        to c: UnsafeMutablePointer<Float>, stride: Int
    ) {
        eachLow(stage, rows) { stage, shared in
            for part in stage.parts {
                part.b.addProduct(
                    ready.low + shared.lowerBound * lowStride + part.offset, stride: lowStride, rows: shared.count,
                    panels: group * part.panels..<(group + 1) * part.panels, width: part.columns,
                    to: c + (shared.lowerBound - rows.lowerBound) * stride + part.start, stride: stride)
            }
        }
    }

    /// Adds some panels of the adapters' products to `c`, which points to the first of the rows and of these columns.
    ///
    /// `pitch` counts floats from panel to panel, `start` gives where a projection's first one begins.
    func addLow(
        _ stage: (ServedAdapter) -> ServedAdapter.Stage?, _ rows: Range<Int>, panels: Range<Int>, pitch: Int,
        start: (LoRATarget) -> Int, _ ready: Ready, to c: UnsafeMutablePointer<Float>, stride: Int
    ) {
        eachLow(stage, rows) { stage, shared in
            for part in stage.parts {
                for panel in panels.clamped(to: 0..<part.panels) {
                    let width = min(PanelMatrix.panelColumns, part.columns - panel * PanelMatrix.panelColumns)
                    let place = start(part.target) + (panel - panels.lowerBound) * pitch
                    part.b.addProduct(
                        ready.low + shared.lowerBound * lowStride + part.offset, stride: lowStride,
                        rows: shared.count, panels: panel..<panel + 1, width: width,
                        to: c + (shared.lowerBound - rows.lowerBound) * stride + place, stride: stride)
                }
            }
        }
    }
}
