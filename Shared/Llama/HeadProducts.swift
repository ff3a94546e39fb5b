// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The products at the end of the model in one precision, for a chunk of rows at a time.
protocol HeadProducts {
    associatedtype Pass: TokenPass

    /// Memory for chunks of this many rows.
    init(_ pass: Pass, chunk: Int) throws(LlamaError)

    /// Takes what `gradients` needs in addition; the head's own only if it is trained.
    mutating func takeBackward(isTrained: Bool) throws(LlamaError)

    /// The final norm of gathered rows, 1 / root mean square of each, and their logits [rows, vocabulary].
    func logits(
        _ gathered: UnsafePointer<Float>, rows: Int, inverse: UnsafeMutablePointer<Float>,
        into logits: UnsafeMutablePointer<Float>)

    /// The losses of the same rows; overwrites `logits` with what `gradients` takes.
    func losses(
        _ logits: UnsafeMutablePointer<Float>, targets: UnsafePointer<Int32>, rows: Int, scale: Float,
        into losses: UnsafeMutablePointer<Double>)

    /// The gradient of the normed rows, and adds that of the head unless nil, or replaces what is there.
    func gradients(
        _ logits: UnsafePointer<Float>, rows: Int, into dNormed: UnsafeMutablePointer<Float>,
        head: UnsafeMutablePointer<Float>?, replacing: Bool)
}
