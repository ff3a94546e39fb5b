// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The backward pass with bfloat16 products: float32 gradients of all weights, or of the adapter alone with the weights
/// frozen.
final class BFloat16Backward: BackwardPass {
    let pass: BFloat16Pass
    let c: LlamaConfiguration
    /// Gradients in the layout of the weights, or nil if they are frozen.
    let dWeights: UnsafeMutablePointer<Float>?
    let replaces: Bool
    /// Gradients in the layout of the adapter, if it is trained.
    let dLowRank: UnsafeMutablePointer<Float>?
    /// The gradient of the residual stream [N, hidden], and the same rounded.
    let dStream: UnsafeMutablePointer<Float>
    let dStreamHalves: UnsafeMutablePointer<UInt16>
    /// The gradient of a projection's input [N, hidden]; where inputs are dropped [N, widest input].
    let dInput: UnsafeMutablePointer<Float>
    /// The gradient of inputs after dropout, before the mask.
    let dDropped: UnsafeMutablePointer<Float>
    /// The gradients of gate and up, and of q, k and v: they are not needed at the same time.
    let dWide: UnsafeMutablePointer<UInt16>
    /// Elements from row to row of the gradients of gate and up.
    let gateStride: Int
    let dMixedHalves: UnsafeMutablePointer<UInt16>
    let dQueryKeyValue: UnsafeMutablePointer<Float>
    /// Packed operands of the products over tokens; frozen weights have none of their own.
    let right: UnsafeMutablePointer<UInt16>?
    let left: UnsafeMutablePointer<UInt16>
    let partial: UnsafeMutablePointer<Float>
    let attentionArea: AttentionArea
    let attentionScratch: UnsafeMutablePointer<Float>

    var rows: Int { pass.rows }

    init(
        _ pass: BFloat16Pass, longest: Int, gradients: UnsafeMutablePointer<Float>, replacing: Bool
    ) throws(LlamaError) {
        self.pass = pass
        replaces = replacing
        let (c, rows) = (pass.c, pass.rows)
        self.c = c
        dWeights = pass.adapter == nil ? gradients : nil
        dLowRank = pass.adapter == nil ? nil : gradients
        let widest = LowRankScratch.widestInput(c)
        dStream = try pass.take(rows * c.hiddenSize)
        dStreamHalves = try pass.takeHalves(rows * c.hiddenSize)
        let isDropped = pass.lowRankScratch?.dropped != nil
        dInput = try pass.take(rows * (isDropped ? widest : c.hiddenSize))
        dDropped = isDropped ? try pass.take(rows * widest) : dInput
        gateStride = isDropped ? 2 * c.intermediateSize : BFloat16Pass.apart(2 * c.intermediateSize)
        dWide = try pass.takeHalves(rows * max(gateStride, pass.qkvWidth))
        dMixedHalves = try pass.takeHalves(rows * c.queryWidth)
        // Free between the forward products of this block and of the next one.
        dQueryKeyValue = pass.wide
        if let adapter = pass.adapter {
            right = nil
            left = try pass.takeHalves(
                BFloat16Product.leftSize(columns: 3 * adapter.configuration.rank, depth: rows))
        } else {
            right = try pass.takeHalves(PackedMatrix.size(depth: rows, columns: widest))
            left = try pass.takeHalves(BFloat16Product.leftScratch(depth: rows))
        }
        partial = try pass.take(Kernels.normParts(rows) * c.hiddenSize)
        attentionArea = AttentionArea(c, longest: longest, backward: true)
        // The backward pass needs more than the forward pass, which then uses the same.
        attentionScratch = try pass.attentionScratch(ThreadPool.shared.slots * attentionArea.size)
    }

    /// One block: dStream is the gradient of its output and becomes that of its input.
    func block(_ layer: Int, _ a: BlockActivations<UInt16>) throws(LlamaError) {
        let w = pass.layout.blocks[layer]
        let (hidden, intermediate) = (c.hiddenSize, c.intermediateSize)
        let isDropped = pass.dropoutSeed != nil
        Kernels.narrow(dStream, stride: hidden, into: dStreamHalves, stride: hidden, rows: rows, width: hidden)
        if isDropped {
            // Behind a mask the adapters' part is added before anything is rounded.
            Kernels.swiglu(
                a.gateUp, into: pass.activated, stride: pass.activatedStride, rows: rows, width: intermediate)
            project(.down, layer, a, x: pass.activated, dy: dStreamHalves, into: .floats(dInput, stride: intermediate))
            Kernels.swigluBackward(gateUp: a.gateUp, dy: dInput, into: dWide, rows: rows, width: intermediate)
        } else {
            project(
                .down, layer, a, x: pass.activated, dy: dStreamHalves,
                into: .gateGradients(
                    dWide, stride: gateStride, gateUp: a.gateUp, width: intermediate, activated: pass.activated,
                    activatedStride: pass.activatedStride))
        }
        pass.norm(a.middle, w.postNorm, a.middleInverse)
        project(.gateUp, layer, a, x: pass.normed, dy: dWide, into: .floats(dInput, stride: hidden))
        norm(a.middle, w.postNorm, a.middleInverse)

        Kernels.narrow(dStream, stride: hidden, into: dStreamHalves, stride: hidden, rows: rows, width: hidden)
        let width = c.queryWidth
        if isDropped {
            project(.output, layer, a, x: a.mixed, dy: dStreamHalves, into: .floats(dInput, stride: width))
            Kernels.narrow(dInput, stride: width, into: dMixedHalves, stride: width, rows: rows, width: width)
        } else {
            project(.output, layer, a, x: a.mixed, dy: dStreamHalves, into: .halves(dMixedHalves, stride: width))
        }
        try attention(a)
        pass.norm(a.input, w.inputNorm, a.inputInverse)
        // Below the first block lies only the embedding: frozen, it needs no gradient of the stream.
        let last = layer == 0 && dWeights == nil
        project(
            .queryKeyValue, layer, a, x: pass.normed, dy: dWide, into: last ? nil : .floats(dInput, stride: hidden))
        if !last { norm(a.input, w.inputNorm, a.inputInverse) }
    }

    /// Elements from row to row of the gradient of a projection's output.
    func outputStride(_ projection: Projection) -> Int {
        projection == .gateUp ? gateStride : projection.outputs(c)
    }

    /// dx = dy · W, dW += dyᵀ · x unless frozen, and the adapters' part. What `dx` says may be what makes `x`, so that is
    /// read last.
    private func project(
        _ projection: Projection, _ layer: Int, _ a: BlockActivations<UInt16>, x: UnsafePointer<UInt16>,
        dy: UnsafePointer<UInt16>, into dx: BFloat16Product.Result?
    ) {
        let (inputs, outputs) = (projection.inputs(c), projection.outputs(c))
        let (inputStride, outputStride) = (pass.inputStride(projection), outputStride(projection))
        let addend = lowRankAddend(projection, layer, a, dy: dy)
        if let dx {
            BFloat16Product.multiply(
                dy, stride: outputStride, rows: rows, pass.packed.backward(layer, projection), into: dx, adding: addend)
        }
        if let dWeights, let right {
            let source = PackedMatrix(depth: rows, columns: inputs, in: right)
            source.pack(.rows, x, stride: inputStride)
            BFloat16Product.addTransposed(
                dy, stride: outputStride, columns: outputs, source,
                into: dWeights + projection.place(pass.layout.blocks[layer]), stride: inputs,
                replacing: replaces, scratch: left)
        }
        addLowRankInputs(projection, layer, x: x)
        var sums: UnsafeMutablePointer<Float>?
        if case .floats(let floats, _, _) = dx { sums = floats }
        droppedLowRank(projection, layer, a, x: x, dy: dy, into: sums)
    }

    /// Adds the gradient through a norm of `x` to dStream.
    private func norm(_ x: UnsafePointer<Float>, _ weight: Int, _ inverse: UnsafePointer<Float>) {
        Kernels.rmsNormBackward(
            x, weight: pass.weights + weight, inverse: inverse, dy: dInput, dx: dStream,
            dweight: dWeights.map { $0 + weight }, rows: rows, width: c.hiddenSize, partial: partial)
    }
}
