// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// Tells, on the way back through the model, which gradients will not change any more in this pass.
///
/// The backward pass goes through the layout of the parameters from its end to its beginning, so one place says it all:
/// everything from there on is final.
struct FinalGradients {
    /// Hears of places in the layout of what is trained, each below the one before, at last of 0.
    let tell: (Int) -> Void
    /// Where the final norm begins, and the head where it has weights of its own.
    let norm: Int
    /// Where the parameters of each block begin.
    let blocks: [Int]

    init(_ model: LlamaModel, tell: @escaping (Int) -> Void) {
        self.tell = tell
        if let adapter = model.adapter {
            let (count, layers) = (adapter.parameters.count, model.configuration.layerCount)
            norm = count
            blocks = (0..<layers).map { $0 * (count / layers) }
        } else {
            norm = model.weights.layout.norm
            blocks = model.weights.layout.blocks.map(\.inputNorm)
        }
    }
}
