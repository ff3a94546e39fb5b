// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The products at the end of the model with bfloat16 operands.
struct BFloat16Head: HeadProducts {
    private let pass: BFloat16Pass
    private let chunk: Int
    private let normed: UnsafeMutablePointer<UInt16>
    /// The gradient of the logits, where gradients are wanted.
    private var dLogits: UnsafeMutablePointer<UInt16>?
    /// Packed operands of the product over rows, where the head is trained.
    private var right: UnsafeMutablePointer<UInt16>?
    private var left: UnsafeMutablePointer<UInt16>?

    init(_ pass: BFloat16Pass, chunk: Int) throws(LlamaError) {
        self.pass = pass
        self.chunk = chunk
        normed = try pass.takeHalves(chunk * pass.c.hiddenSize)
    }

    mutating func takeBackward(isTrained: Bool) throws(LlamaError) {
        dLogits = try pass.takeHalves(chunk * pass.c.vocabularySize)
        guard isTrained else { return }
        right = try pass.takeHalves(PackedMatrix.size(depth: chunk, columns: pass.c.hiddenSize))
        left = try pass.takeHalves(BFloat16Product.leftScratch(depth: chunk))
    }

    func logits(
        _ gathered: UnsafePointer<Float>, rows: Int, inverse: UnsafeMutablePointer<Float>,
        into logits: UnsafeMutablePointer<Float>
    ) {
        Kernels.rmsNorm(
            gathered, weight: pass.weights + pass.layout.norm, into: normed, inverse: inverse, rows: rows,
            width: pass.c.hiddenSize, epsilon: pass.c.rmsNormEpsilon)
        pass.head(normed, rows: rows, into: logits)
    }

    func losses(
        _ logits: UnsafeMutablePointer<Float>, targets: UnsafePointer<Int32>, rows: Int, scale: Float,
        into losses: UnsafeMutablePointer<Double>
    ) {
        let width = pass.c.vocabularySize
        if let dLogits {
            Kernels.crossEntropy(
                logits, targets: targets, rows: rows, width: width, scale: scale, losses: losses, gradient: dLogits)
        } else {
            Kernels.crossEntropy(logits, targets: targets, rows: rows, width: width, scale: 0, losses: losses)
        }
    }

    func gradients(
        _ logits: UnsafePointer<Float>, rows: Int, into dNormed: UnsafeMutablePointer<Float>,
        head: UnsafeMutablePointer<Float>?, replacing: Bool
    ) {
        guard let dLogits else { preconditionFailure("no memory was taken for gradients") }
        let (hidden, vocabulary) = (pass.c.hiddenSize, pass.c.vocabularySize)
        BFloat16Product.multiply(
            dLogits, stride: vocabulary, rows: rows, pass.packed.backwardHead, into: dNormed, stride: hidden)
        guard let head, let right, let left else { return }
        let source = PackedMatrix(depth: rows, columns: hidden, in: right)
        source.pack(.rows, normed, stride: hidden)
        BFloat16Product.addTransposed(
            dLogits, stride: vocabulary, columns: vocabulary, source, into: head, stride: hidden,
            replacing: replacing, scratch: left)
    }
}
