// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The products at the end of the model in float32.
struct LlamaHead: HeadProducts {
    private let pass: LlamaPass
    private let normed: UnsafeMutablePointer<Float>

    init(_ pass: LlamaPass, chunk: Int) throws(LlamaError) {
        self.pass = pass
        normed = try pass.take(chunk * pass.c.hiddenSize)
    }

    func takeBackward(isTrained: Bool) {}

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
        Kernels.crossEntropy(
            logits, targets: targets, rows: rows, width: pass.c.vocabularySize, scale: scale, losses: losses)
    }

    func gradients(
        _ logits: UnsafePointer<Float>, rows: Int, into dNormed: UnsafeMutablePointer<Float>,
        head: UnsafeMutablePointer<Float>?, replacing: Bool
    ) {
        let (hidden, vocabulary, weight) = (pass.c.hiddenSize, pass.c.vocabularySize, pass.weights + pass.layout.head)
        BLAS.gemm(false, false, rows, hidden, vocabulary, 1, logits, vocabulary, weight, hidden, 0, dNormed, hidden)
        if let head {
            BLAS.gemm(
                true, false, vocabulary, hidden, rows, 1, logits, vocabulary, normed, hidden, replacing ? 0 : 1, head,
                hidden)
        }
    }
}
