// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// As `HeadLoss`, with bfloat16 products.
struct BFloat16HeadLoss {
    private let pass: BFloat16Pass
    private let chosen: [Int]
    private let targets: [Int32]
    private let chunk: Int
    private let gathered: UnsafeMutablePointer<Float>
    private let normed: UnsafeMutablePointer<UInt16>
    private let inverse: UnsafeMutablePointer<Float>
    private let logits: UnsafeMutablePointer<Float>

    init(_ pass: BFloat16Pass, _ batch: TokenBatch) throws(LlamaError) {
        self.pass = pass
        let chosen = batch.targets.indices.filter { batch.targets[$0] != TokenBatch.ignored }
        self.chosen = chosen
        targets = chosen.map { batch.targets[$0] }
        chunk = HeadLoss.chunk(pass.c, targets: chosen.count)
        gathered = try pass.take(chunk * pass.c.hiddenSize)
        normed = try pass.takeHalves(chunk * pass.c.hiddenSize)
        inverse = try pass.take(chunk)
        logits = try pass.take(chunk * pass.c.vocabularySize)
    }

    /// The negative log-likelihood of every target of the last block's output `x` [N, hidden].
    func run(_ x: UnsafePointer<Float>, backward: HeadLoss.Backward?) throws(LlamaError) -> [Double] {
        var losses = [Double](repeating: 0, count: chosen.count)
        let work = try backward.map { (backward) throws(LlamaError) in
            try Work(pass, chunk: chunk, hasHead: backward.head != nil)
        }
        for first in stride(from: 0, to: chosen.count, by: chunk) {
            let part = Array(chosen[first..<min(chosen.count, first + chunk)])
            forward(x, part)
            targets.withUnsafeBufferPointer { targets in
                losses.withUnsafeMutableBufferPointer { losses in
                    guard let targets = targets.baseAddress, let losses = losses.baseAddress else { return }
                    if let backward, let work {
                        Kernels.crossEntropy(
                            logits, targets: targets + first, rows: part.count, width: pass.c.vocabularySize,
                            scale: backward.scale, losses: losses + first, gradient: work.gradient)
                    } else {
                        Kernels.crossEntropy(
                            logits, targets: targets + first, rows: part.count, width: pass.c.vocabularySize, scale: 0,
                            losses: losses + first)
                    }
                }
            }
            if let backward, let work { self.backward(part, backward, work) }
        }
        return losses
    }

    /// What a backward pass needs in addition.
    private struct Work {
        let gradient: UnsafeMutablePointer<UInt16>
        let dGathered: UnsafeMutablePointer<Float>
        let dNormed: UnsafeMutablePointer<Float>
        let partial: UnsafeMutablePointer<Float>
        let right: UnsafeMutablePointer<UInt16>?
        let left: UnsafeMutablePointer<UInt16>?

        init(_ pass: BFloat16Pass, chunk: Int, hasHead: Bool) throws(LlamaError) {
            let hidden = pass.c.hiddenSize
            gradient = try pass.takeHalves(chunk * pass.c.vocabularySize)
            dGathered = try pass.take(chunk * hidden)
            dNormed = try pass.take(chunk * hidden)
            partial = try pass.take(Kernels.normParts(chunk) * hidden)
            right = hasHead ? try pass.takeHalves(PackedMatrix.size(depth: chunk, columns: hidden)) : nil
            left = hasHead ? try pass.takeHalves(BFloat16Product.leftScratch(depth: chunk)) : nil
        }
    }

    private func forward(_ x: UnsafePointer<Float>, _ part: [Int]) {
        pass.gather(x, rows: part, into: gathered)
        Kernels.rmsNorm(
            gathered, weight: pass.weights + pass.layout.norm, into: normed, inverse: inverse, rows: part.count,
            width: pass.c.hiddenSize, epsilon: pass.c.rmsNormEpsilon)
        pass.head(normed, rows: part.count, into: logits)
    }

    private func backward(_ part: [Int], _ backward: HeadLoss.Backward, _ work: Work) {
        let (hidden, vocabulary, rows) = (pass.c.hiddenSize, pass.c.vocabularySize, part.count)
        BFloat16Product.multiply(
            work.gradient, stride: vocabulary, rows: rows, pass.packed.backwardHead, into: work.dNormed,
            stride: hidden)
        if let head = backward.head, let right = work.right, let left = work.left {
            let source = PackedMatrix(depth: rows, columns: hidden, in: right)
            source.pack(.rows, normed, stride: hidden)
            BFloat16Product.addTransposed(
                work.gradient, stride: vocabulary, columns: vocabulary, source, into: head, stride: hidden,
                scratch: left)
        }
        work.dGathered.update(repeating: 0, count: rows * hidden)
        Kernels.rmsNormBackward(
            gathered, weight: pass.weights + pass.layout.norm, inverse: inverse, dy: work.dNormed, dx: work.dGathered,
            dweight: backward.norm, rows: rows, width: hidden, partial: work.partial)
        ThreadPool.shared.parallel(rows, grain: 64) { range in
            for row in range {
                (backward.stream + part[row] * hidden).update(from: work.dGathered + row * hidden, count: hidden)
            }
        }
    }
}
