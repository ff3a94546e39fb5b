// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// Final norm, output projection and cross-entropy, in chunks of rows so that the logits of a large vocabulary are
/// never held for the whole batch. Only rows with a target are computed.
struct HeadLoss<Pass: ForwardPass> {
    private let pass: Pass
    private let chosen: [Int]
    private let targets: [Int32]
    private let chunk: Int
    private var products: Pass.Head
    private let gathered: UnsafeMutablePointer<Float>
    private let inverse: UnsafeMutablePointer<Float>
    private let logits: UnsafeMutablePointer<Float>

    init(_ pass: Pass, _ batch: TokenBatch) throws(LlamaError) {
        self.pass = pass
        let chosen = batch.targets.indices.filter { batch.targets[$0] != TokenBatch.ignored }
        self.chosen = chosen
        targets = chosen.map { batch.targets[$0] }
        chunk = HeadChunk.rows(pass.c, targets: chosen.count)
        products = try Pass.Head(pass, chunk: chunk)
        gathered = try pass.take(chunk * pass.c.hiddenSize)
        inverse = try pass.take(chunk)
        logits = try pass.take(chunk * pass.c.vocabularySize)
    }

    /// The negative log-likelihood of every target of the last block's output `x` [N, hidden].
    consuming func run(_ x: UnsafePointer<Float>, backward: HeadGradients?) throws(LlamaError) -> [Double] {
        var losses = [Double](repeating: 0, count: chosen.count)
        let hidden = pass.c.hiddenSize
        var work: (dGathered: UnsafeMutablePointer<Float>, dNormed: UnsafeMutablePointer<Float>)?
        let partial = try pass.take(backward == nil ? 0 : Kernels.normParts(chunk) * hidden)
        if let backward {
            work = (try pass.take(chunk * hidden), try pass.take(chunk * hidden))
            try products.takeBackward(isTrained: backward.head != nil)
        }
        for first in stride(from: 0, to: chosen.count, by: chunk) {
            let part = Array(chosen[first..<min(chosen.count, first + chunk)])
            pass.gather(x, rows: part, into: gathered)
            products.logits(gathered, rows: part.count, inverse: inverse, into: logits)
            targets.withUnsafeBufferPointer { targets in
                losses.withUnsafeMutableBufferPointer { losses in
                    guard let targets = targets.baseAddress, let losses = losses.baseAddress else { return }
                    products.losses(
                        logits, targets: targets + first, rows: part.count, scale: backward?.scale ?? 0,
                        into: losses + first)
                }
            }
            guard let backward, let work else { continue }
            products.gradients(
                logits, rows: part.count, into: work.dNormed, head: backward.head,
                replacing: backward.replacesHead && first == 0)
            work.dGathered.update(repeating: 0, count: part.count * hidden)
            Kernels.rmsNormBackward(
                gathered, weight: pass.weights + pass.layout.norm, inverse: inverse, dy: work.dNormed,
                dx: work.dGathered, dweight: backward.norm, rows: part.count, width: hidden, partial: partial)
            ThreadPool.shared.parallel(part.count, grain: 64) { range in
                for row in range {
                    (backward.stream + part[row] * hidden).update(from: work.dGathered + row * hidden, count: hidden)
                }
            }
        }
        return losses
    }
}

/// How many rows' logits exist at a time.
enum HeadChunk {
    /// Logits of a chunk: 64 MB, enough rows for the matrix product to run at full speed.
    private static let floats = 1 << 24

    /// Rows of a chunk for this many targets.
    static func rows(_ c: LlamaConfiguration, targets: Int) -> Int {
        max(1, min(targets, max(64, min(1024, floats / c.vocabularySize))))
    }
}
