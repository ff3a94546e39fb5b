// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Where the gradients of the end of the model go.
struct HeadGradients {
    /// The gradient of the last block's output [N, hidden], zeros before.
    let stream: UnsafeMutablePointer<Float>
    /// Adds to the gradients of the final norm and of the head; nil where the weights are frozen.
    let norm: UnsafeMutablePointer<Float>?
    let head: UnsafeMutablePointer<Float>?
    /// Whether the head's gradient takes the place of what is there.
    let replacesHead: Bool
    /// What the gradient of the sum of losses is multiplied by.
    let scale: Float
}
