// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The backward pass: gradients of all weights, or of the adapter alone with the weights frozen.
final class LlamaBackward: BackwardPass {
    let pass: LlamaPass
    let c: LlamaConfiguration
    /// Gradients in the layout of the weights, or nil if they are frozen.
    let dWeights: UnsafeMutablePointer<Float>?
    let replaces: Bool
    /// Gradients in the layout of the adapter, if it is trained.
    let dLowRank: UnsafeMutablePointer<Float>?
    /// The gradient of the residual stream [N, hidden].
    let dStream: UnsafeMutablePointer<Float>
    let dNormed: UnsafeMutablePointer<Float>
    let dActivated: UnsafeMutablePointer<Float>
    let dGateUp: UnsafeMutablePointer<Float>
    let dMixed: UnsafeMutablePointer<Float>
    let dQueryKeyValue: UnsafeMutablePointer<Float>
    /// The gradient of scale · x·Aᵀ [N, rank].
    let dReduced: UnsafeMutablePointer<Float>?
    let partial: UnsafeMutablePointer<Float>

    var rows: Int { pass.rows }

    init(
        _ pass: LlamaPass, longest: Int, gradients: UnsafeMutablePointer<Float>, replacing: Bool
    ) throws(LlamaError) {
        self.pass = pass
        replaces = replacing
        c = pass.c
        dWeights = pass.adapter == nil ? gradients : nil
        dLowRank = pass.adapter == nil ? nil : gradients
        let rows = pass.rows
        dStream = try pass.take(rows * c.hiddenSize)
        dNormed = try pass.take(rows * c.hiddenSize)
        dActivated = try pass.take(rows * c.intermediateSize)
        dGateUp = try pass.take(rows * 2 * c.intermediateSize)
        dMixed = try pass.take(rows * c.queryWidth)
        dQueryKeyValue = try pass.take(rows * pass.qkvWidth)
        dReduced = if let adapter = pass.adapter { try pass.take(rows * adapter.configuration.rank) } else { nil }
        partial = try pass.take(Kernels.normParts(rows) * c.hiddenSize)
        // The backward pass needs more than the forward pass, which then uses the same.
        _ = try pass.attentionScratch(ThreadPool.shared.slots * 2 * LlamaPass.queryBlock * longest)
    }

    /// One block: dStream is the gradient of its output and becomes that of its input.
    func block(_ layer: Int, _ a: BlockActivations<Float>) throws(LlamaError) {
        let w = pass.layout.blocks[layer]
        let (hidden, intermediate) = (c.hiddenSize, c.intermediateSize)
        Kernels.swiglu(
            gateUp: a.gateUp, stride: 2 * intermediate, into: pass.activated, rows: rows, width: intermediate)
        project(dStream, w.down, out: hidden, in: intermediate, x: pass.activated, into: dActivated)
        lowRank(.down, layer, a, x: pass.activated, dy: dStream, stride: hidden, into: dActivated)
        Kernels.swigluBackward(
            gateUp: a.gateUp, dy: dActivated, into: dGateUp, stride: 2 * intermediate, rows: rows,
            width: intermediate)
        pass.norm(a.middle, w.postNorm, into: pass.normed, a.middleInverse)
        project(dGateUp, w.gateUp, out: 2 * intermediate, in: hidden, x: pass.normed, into: dNormed)
        lowRank(.gate, layer, a, x: pass.normed, dy: dGateUp, stride: 2 * intermediate, into: dNormed)
        lowRank(.up, layer, a, x: pass.normed, dy: dGateUp + intermediate, stride: 2 * intermediate, into: dNormed)
        norm(a.middle, w.postNorm, a.middleInverse)

        project(dStream, w.output, out: hidden, in: c.queryWidth, x: a.mixed, into: dMixed)
        lowRank(.output, layer, a, x: a.mixed, dy: dStream, stride: hidden, into: dMixed)
        try attention(a)
        pass.rotate(dQueryKeyValue, sign: -1)
        pass.norm(a.input, w.inputNorm, into: pass.normed, a.inputInverse)
        // Below the first block lies only the embedding: frozen, it needs no gradient of the stream.
        let last = layer == 0 && dWeights == nil
        let width = pass.qkvWidth
        if !last {
            project(dQueryKeyValue, w.queryKeyValue, out: width, in: hidden, x: pass.normed, into: dNormed)
        }
        let (key, value) = (c.queryWidth, c.queryWidth + c.keyValueWidth)
        let below = last ? nil : dNormed
        lowRank(.query, layer, a, x: pass.normed, dy: dQueryKeyValue, stride: width, into: below)
        lowRank(.key, layer, a, x: pass.normed, dy: dQueryKeyValue + key, stride: width, into: below)
        lowRank(.value, layer, a, x: pass.normed, dy: dQueryKeyValue + value, stride: width, into: below)
        if !last { norm(a.input, w.inputNorm, a.inputInverse) }
    }

    /// dx = dy · W, and dW += dyᵀ · x unless frozen.
    private func project(
        _ dy: UnsafePointer<Float>, _ weight: Int, out: Int, in depth: Int, x: UnsafePointer<Float>,
        into dx: UnsafeMutablePointer<Float>
    ) {
        BLAS.gemm(false, false, rows, depth, out, 1, dy, out, pass.weights + weight, depth, 0, dx, depth)
        if let dWeights {
            BLAS.gemm(true, false, out, depth, rows, 1, dy, out, x, depth, replaces ? 0 : 1, dWeights + weight, depth)
        }
    }

    /// Adds the gradient through a norm of `x` to dStream.
    private func norm(_ x: UnsafePointer<Float>, _ weight: Int, _ inverse: UnsafePointer<Float>) {
        Kernels.rmsNormBackward(
            x, weight: pass.weights + weight, inverse: inverse, dy: dNormed, dx: dStream,
            dweight: dWeights.map { $0 + weight }, rows: rows, width: c.hiddenSize, partial: partial)
    }
}
