// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

extension LlamaPass {
    /// One block from `a.input` to `output` [N, hidden], leaving in `a` what its backward pass needs; nil for those
    /// activations alone.
    func block(_ layer: Int, _ a: BlockActivations<Float>, into output: UnsafeMutablePointer<Float>?) throws(LlamaError)
    {
        let w = layout.blocks[layer]
        norm(a.input, w.inputNorm, into: normed, a.inputInverse)
        project(normed, .queryKeyValue, layer, into: a.queryKeyValue)
        addLowRank(.query, layer, a, normed, into: a.queryKeyValue, stride: qkvWidth)
        addLowRank(.key, layer, a, normed, into: a.queryKeyValue + c.queryWidth, stride: qkvWidth)
        addLowRank(
            .value, layer, a, normed, into: a.queryKeyValue + c.queryWidth + c.keyValueWidth, stride: qkvWidth)
        rotate(a.queryKeyValue, sign: 1)
        try attend(layer, a)
        Kernels.copy(a.input, into: a.middle, count: rows * c.hiddenSize)
        project(a.mixed, .output, layer, into: a.middle, accumulate: true)
        addLowRank(.output, layer, a, a.mixed, into: a.middle, stride: c.hiddenSize)

        norm(a.middle, w.postNorm, into: normed, a.middleInverse)
        let stride = 2 * c.intermediateSize
        project(normed, .gateUp, layer, into: a.gateUp)
        addLowRank(.gate, layer, a, normed, into: a.gateUp, stride: stride)
        addLowRank(.up, layer, a, normed, into: a.gateUp + c.intermediateSize, stride: stride)
        guard let output else {
            if let adapter, adapter.module(.down, layer: layer) != nil { reduceDown(layer, a) }
            return
        }
        Kernels.swiglu(gateUp: a.gateUp, stride: stride, into: activated, rows: rows, width: c.intermediateSize)
        Kernels.copy(a.middle, into: output, count: rows * c.hiddenSize)
        project(activated, .down, layer, into: output, accumulate: true)
        addLowRank(.down, layer, a, activated, into: output, stride: c.hiddenSize)
    }

    /// Gathers chosen rows of `x` in `gathered` and writes their final norm to `y`, both [chosen, hidden].
    func finalNorm(
        _ x: UnsafePointer<Float>, rows chosen: [Int], gathered: UnsafeMutablePointer<Float>,
        into y: UnsafeMutablePointer<Float>, inverse: UnsafeMutablePointer<Float>
    ) {
        gather(x, rows: chosen, into: gathered)
        Kernels.rmsNorm(
            gathered, weight: weights + layout.norm, into: y, inverse: inverse, rows: chosen.count, width: c.hiddenSize,
            epsilon: c.rmsNormEpsilon)
    }

    /// Logits [rows, vocabulary] of normalised rows.
    func head(_ x: UnsafePointer<Float>, rows: Int, into logits: UnsafeMutablePointer<Float>) {
        BLAS.linear(x, rows: rows, headMatrix, into: logits, scratch: widened)
    }

    func norm(
        _ x: UnsafePointer<Float>, _ weight: Int, into y: UnsafeMutablePointer<Float>,
        _ inverse: UnsafeMutablePointer<Float>
    ) {
        Kernels.rmsNorm(
            x, weight: weights + weight, into: y, inverse: inverse, rows: rows, width: c.hiddenSize,
            epsilon: c.rmsNormEpsilon)
    }

    private func project(
        _ x: UnsafePointer<Float>, _ projection: Projection, _ layer: Int, into y: UnsafeMutablePointer<Float>,
        accumulate: Bool = false
    ) {
        BLAS.linear(x, rows: rows, matrix(layer, projection), into: y, accumulate: accumulate, scratch: widened)
    }

    /// Rotates queries and keys, which lie side by side, so one call does both; −1 turns back.
    func rotate(_ queryKeyValue: UnsafeMutablePointer<Float>, sign: Float) {
        Kernels.rope(
            queryKeyValue, stride: qkvWidth, cosine: cosine, sine: sine, rows: rows,
            heads: c.headCount + c.keyValueHeadCount, half: c.headDimension / 2, sign: sign)
    }
}
