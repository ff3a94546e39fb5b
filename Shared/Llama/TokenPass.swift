// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// What every computation over flat rows of tokens needs, whatever its precision: pointers to weights and scratch that
/// live as long as the call.
///
/// N tokens of all sequences lie one after the other; only attention knows which belong together.
class TokenPass {
    let c: LlamaConfiguration
    let layout: LlamaLayout
    let weights: UnsafePointer<Float>
    /// The matrices where they are not among `weights`.
    let stored: StoredWeights?
    let adapter: LoRAAdapter?
    let lowRank: UnsafePointer<Float>?
    let arena: Arena
    let ids: [Int32]
    let rows: Int
    let attention: AttentionScope
    /// The seed of this pass's dropout masks; nil computes without dropout.
    let dropoutSeed: UInt64?
    /// Cosines and sines of every token's rotary angles [N, headDimension / 2].
    let cosine: UnsafeMutablePointer<Float>
    let sine: UnsafeMutablePointer<Float>
    /// Scratch of attention, taken once and used by every block.
    private var attentionFloats: (count: Int, base: UnsafeMutablePointer<Float>)?

    var qkvWidth: Int { c.queryWidth + 2 * c.keyValueWidth }

    /// 1 / √headDimension.
    var attentionScale: Float { 1 / Float(c.headDimension).squareRoot() }

    init(
        _ model: LlamaModel, weights: UnsafePointer<Float>, lowRank: UnsafePointer<Float>?, arena: Arena,
        ids: [Int32], positions: [Int32], attention: AttentionScope, dropoutSeed: UInt64?
    ) throws(LlamaError) {
        c = model.configuration
        layout = model.weights.layout
        self.weights = weights
        stored = model.weights.stored
        adapter = model.adapter
        self.lowRank = lowRank
        self.arena = arena
        self.ids = ids
        rows = ids.count
        self.attention = attention
        let drops = dropoutSeed != nil && (model.adapter?.configuration.dropout ?? 0) > 0
        self.dropoutSeed = drops ? dropoutSeed : nil
        let half = c.headDimension / 2
        do {
            cosine = try arena.take(rows * half)
            sine = try arena.take(rows * half)
        } catch { throw Self.outOfMemory(error) }
        try angles(of: positions, model.inverseFrequencies(for: positions))
    }

    /// Fills `cosine` and `sine`: by a table of positions where rows repeat them, directly otherwise.
    private func angles(of positions: [Int32], _ frequencies: [Double]) throws(LlamaError) {
        let half = frequencies.count
        let count = Int(positions.max() ?? 0) + 1
        let byTable = count <= rows
        let (cosines, sines) = byTable ? (try take(count * half), try take(count * half)) : (cosine, sine)
        ThreadPool.shared.parallel(byTable ? count : rows, grain: 64) { range in
            for row in range {
                let position = Double(byTable ? Int32(row) : positions[row])
                for pair in 0..<half {
                    let (cos, sin) = cosineAndSine(position * frequencies[pair])
                    cosines[row * half + pair] = Float(cos)
                    sines[row * half + pair] = Float(sin)
                }
            }
        }
        guard byTable else { return }
        for (row, position) in positions.enumerated() {
            (cosine + row * half).update(from: cosines + Int(position) * half, count: half)
            (sine + row * half).update(from: sines + Int(position) * half, count: half)
        }
    }

    /// Scratch for the rest of the call.
    func take(_ count: Int) throws(LlamaError) -> UnsafeMutablePointer<Float> {
        do { return try arena.take(count) } catch { throw Self.outOfMemory(error) }
    }

    /// At least `count` floats for attention, the same for every block of the pass.
    func attentionScratch(_ count: Int) throws(LlamaError) -> UnsafeMutablePointer<Float> {
        if let attentionFloats, attentionFloats.count >= count { return attentionFloats.base }
        let base = try take(count)
        attentionFloats = (count, base)
        return base
    }

    /// The matrix [outputs, inputs] of a projection.
    func matrix(_ layer: Int, _ projection: Projection) -> StoredMatrix {
        stored?.matrix(layer, projection)
            ?? floats(projection.place(layout.blocks[layer]), projection.outputs(c), projection.inputs(c))
    }

    /// The output projection [vocabulary, hidden].
    var headMatrix: StoredMatrix { stored?.head ?? floats(layout.head, c.vocabularySize, c.hiddenSize) }

    private func floats(_ place: Int, _ rows: Int, _ columns: Int) -> StoredMatrix {
        StoredMatrix(.numbers(.float32), weights + place, rows: rows, columns: columns)
    }

    /// The depth of the deepest product with a matrix of the model, in either direction.
    static func deepest(_ c: LlamaConfiguration) -> Int {
        Projection.allCases.reduce(c.vocabularySize) { max($0, $1.inputs(c), $1.outputs(c)) }
    }

    /// The embedding of every token, into `x` [N, hidden].
    func embed(into x: UnsafeMutablePointer<Float>) {
        let table = stored?.embedding ?? floats(layout.embedding, c.vocabularySize, c.hiddenSize)
        let (width, ids) = (c.hiddenSize, ids)
        ThreadPool.shared.parallel(rows, grain: 64) { range in
            for row in range { table.widenInThread(Int(ids[row]), 0..<width, into: x + row * width) }
        }
    }

    /// Gathers chosen rows of `x` [N, hidden] in `gathered` [chosen, hidden].
    func gather(_ x: UnsafePointer<Float>, rows chosen: [Int], into gathered: UnsafeMutablePointer<Float>) {
        let width = c.hiddenSize
        ThreadPool.shared.parallel(chosen.count, grain: 64) { range in
            for index in range { (gathered + index * width).update(from: x + chosen[index] * width, count: width) }
        }
    }

    /// Adds the stream's gradient [N, hidden] to the rows of the embedding, in parallel over columns: no two pieces
    /// share one.
    func addEmbedding(_ dStream: UnsafePointer<Float>, into table: UnsafeMutablePointer<Float>) {
        let (width, ids) = (c.hiddenSize, ids)
        ThreadPool.shared.parallel(width, grain: max(64, width / 8)) { columns in
            for (row, id) in ids.enumerated() {
                let at = columns.lowerBound
                Kernels.axpy(
                    1, dStream + row * width + at, into: table + Int(id) * width + at, count: columns.count)
            }
        }
    }

    /// The key of a target's mask: every module of every pass has its own.
    func dropoutKey(_ target: LoRATarget, _ layer: Int) -> UInt64? {
        guard let dropoutSeed else { return nil }
        let module = UInt64(layer * LoRATarget.allCases.count + target.index + 1)
        return Xoshiro256.mix(dropoutSeed &+ module &* 0x9e37_79b9_7f4a_7c15)
    }

    static func outOfMemory(_ error: TensorError) -> LlamaError {
        LlamaError(.outOfMemory, "activations: \(error.description)")
    }
}
