// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The way back through the model in one precision: gradients of all weights, or of the adapter alone with the weights
/// frozen. What is the same in all precisions is here.
protocol BackwardPass {
    associatedtype Pass: ForwardPass

    var pass: Pass { get }
    /// Gradients in the layout of the weights, or nil if they are frozen.
    var dWeights: UnsafeMutablePointer<Float>? { get }
    /// Whether gradients of matrices take the place of what is in `dWeights`; those of norms and the embedding are added.
    var replaces: Bool { get }
    /// The gradient of the residual stream [N, hidden].
    var dStream: UnsafeMutablePointer<Float> { get }

    /// One block: dStream is the gradient of its output and becomes that of its input.
    func block(_ layer: Int, _ a: BlockActivations<Pass.Element>) throws(LlamaError)
}

extension BackwardPass {
    /// Forward and backward of the batch; the negative log-likelihood of every target.
    func run(
        _ batch: TokenBatch, scale: Float, recompute: Bool, final: FinalGradients?
    ) throws(LlamaError) -> [Double] {
        let (layers, count) = (pass.c.layerCount, pass.rows * pass.c.hiddenSize)
        var kept: [BlockActivations<Pass.Element>] = []
        for layer in 0..<layers {
            // Recomputed, blocks share all but their inputs.
            if recompute, layer > 0 {
                kept.append(kept[0].replacingInput(by: try pass.take(count)))
            } else {
                kept.append(try pass.activations())
            }
        }
        let output = try pass.take(count)
        pass.embed(into: kept[0].input)
        for layer in 0..<layers {
            try pass.block(layer, kept[layer], into: layer + 1 < layers ? kept[layer + 1].input : output)
        }
        dStream.update(repeating: 0, count: count)
        let losses = try HeadLoss(pass, batch).run(
            output,
            backward: HeadGradients(
                stream: dStream, norm: dWeights.map { $0 + pass.layout.norm },
                head: dWeights.map { $0 + pass.layout.head }, replacesHead: replaces, scale: scale))
        if let final { final.tell(final.norm) }
        for layer in (0..<layers).reversed() {
            if recompute { try pass.block(layer, kept[layer], into: nil) }
            try block(layer, kept[layer])
            if let final { final.tell(final.blocks[layer]) }
        }
        if let dWeights { pass.addEmbedding(dStream, into: dWeights + pass.layout.embedding) }
        final?.tell(0)
        return losses
    }
}
