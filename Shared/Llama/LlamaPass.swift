// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// One computation over flat rows of tokens: pointers to weights and scratch that live as long as the call.
///
/// N tokens of all sequences lie one after the other; only attention knows which belong together.
final class LlamaPass {
    let c: LlamaConfiguration
    let layout: LlamaLayout
    let weights: UnsafePointer<Float>
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
    /// A normalised stream [N, hidden].
    let normed: UnsafeMutablePointer<Float>
    /// The activated feed-forward rows [N, intermediate].
    let activated: UnsafeMutablePointer<Float>
    /// Inputs after dropout [N, widest input], if there is dropout.
    let dropped: UnsafeMutablePointer<Float>?

    var qkvWidth: Int { c.queryWidth + 2 * c.keyValueWidth }

    init(
        _ model: LlamaModel, weights: UnsafePointer<Float>, lowRank: UnsafePointer<Float>?, arena: Arena,
        ids: [Int32], positions: [Int32], attention: AttentionScope, dropoutSeed: UInt64?
    ) throws(LlamaError) {
        c = model.configuration
        layout = model.weights.layout
        self.weights = weights
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
            normed = try arena.take(rows * c.hiddenSize)
            activated = try arena.take(rows * c.intermediateSize)
            dropped =
                drops ? try arena.take(rows * max(c.hiddenSize, c.queryWidth, c.intermediateSize)) : nil
        } catch { throw Self.outOfMemory(error) }
        try angles(of: positions, model.inverseFrequencies)
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

    /// Memory for one block's activations.
    func activations() throws(LlamaError) -> BlockActivations {
        do {
            return try BlockActivations(c, rows: rows, rank: adapter?.configuration.rank, arena: arena)
        } catch { throw Self.outOfMemory(error) }
    }

    static func outOfMemory(_ error: TensorError) -> LlamaError {
        LlamaError(.outOfMemory, "activations: \(error.description)")
    }
}
