// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// Final norm, output projection and cross-entropy, in chunks of rows so that the logits of a large vocabulary are
/// never held for the whole batch. Only rows with a target are computed.
struct HeadLoss {
    /// Where the gradients of this part go.
    struct Backward {
        /// The gradient of the last block's output [N, hidden], zeros before.
        let stream: UnsafeMutablePointer<Float>
        /// Adds to the gradients of the final norm and of the head; nil where the weights are frozen.
        let norm: UnsafeMutablePointer<Float>?
        let head: UnsafeMutablePointer<Float>?
        let scale: Float
    }

    /// Logits of a chunk: 64 MB, enough rows for the matrix product to run at full speed.
    private static let chunkFloats = 1 << 24

    private let pass: LlamaPass
    private let chosen: [Int]
    private let targets: [Int32]
    private let chunk: Int
    private let gathered: UnsafeMutablePointer<Float>
    private let normed: UnsafeMutablePointer<Float>
    private let inverse: UnsafeMutablePointer<Float>
    private let logits: UnsafeMutablePointer<Float>

    /// Rows of a chunk for this many targets.
    static func chunk(_ c: LlamaConfiguration, targets: Int) -> Int {
        max(1, min(targets, max(64, min(1024, chunkFloats / c.vocabularySize))))
    }

    init(_ pass: LlamaPass, _ batch: TokenBatch) throws(LlamaError) {
        self.pass = pass
        let chosen = batch.targets.indices.filter { batch.targets[$0] != TokenBatch.ignored }
        self.chosen = chosen
        targets = chosen.map { batch.targets[$0] }
        chunk = Self.chunk(pass.c, targets: chosen.count)
        gathered = try pass.take(chunk * pass.c.hiddenSize)
        normed = try pass.take(chunk * pass.c.hiddenSize)
        inverse = try pass.take(chunk)
        logits = try pass.take(chunk * pass.c.vocabularySize)
    }

    /// The negative log-likelihood of every target of the last block's output `x` [N, hidden].
    func run(_ x: UnsafePointer<Float>, backward: Backward?) throws(LlamaError) -> [Double] {
        var losses = [Double](repeating: 0, count: chosen.count)
        let (hidden, vocabulary) = (pass.c.hiddenSize, pass.c.vocabularySize)
        let partial = try pass.take(Kernels.normParts(chunk) * hidden)
        let dGathered = backward == nil ? nil : try pass.take(chunk * hidden)
        let dNormed = backward == nil ? nil : try pass.take(chunk * hidden)
        for first in stride(from: 0, to: chosen.count, by: chunk) {
            let rows = min(chunk, chosen.count - first)
            let part = Array(chosen[first..<first + rows])
            pass.finalNorm(x, rows: part, gathered: gathered, into: normed, inverse: inverse)
            pass.head(normed, rows: rows, into: logits)
            targets.withUnsafeBufferPointer { targets in
                losses.withUnsafeMutableBufferPointer { losses in
                    guard let targets = targets.baseAddress, let losses = losses.baseAddress else { return }
                    Kernels.crossEntropy(
                        logits, targets: targets + first, rows: rows, width: vocabulary, scale: backward?.scale ?? 0,
                        losses: losses + first)
                }
            }
            guard let backward, let dGathered, let dNormed else { continue }
            let weight = pass.weights + pass.layout.head
            BLAS.gemm(
                false, false, rows, hidden, vocabulary, 1, logits, vocabulary, weight, hidden, 0, dNormed, hidden)
            if let head = backward.head {
                BLAS.gemm(
                    true, false, vocabulary, hidden, rows, 1, logits, vocabulary, normed, hidden, 1, head, hidden)
            }
            dGathered.update(repeating: 0, count: rows * hidden)
            Kernels.rmsNormBackward(
                gathered, weight: pass.weights + pass.layout.norm, inverse: inverse, dy: dNormed, dx: dGathered,
                dweight: backward.norm, rows: rows, width: hidden, partial: partial)
            ThreadPool.shared.parallel(rows, grain: 64) { range in
                for row in range {
                    (backward.stream + part[row] * hidden).update(from: dGathered + row * hidden, count: hidden)
                }
            }
        }
        return losses
    }
}
