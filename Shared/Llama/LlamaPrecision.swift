// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What the operands of matrix products are rounded to, and with them the activations kept for the backward pass.
///
/// Weights, gradients, the residual stream, norms, softmax and losses are float32 in both.
public enum LlamaPrecision: String, Sendable, CaseIterable {
    case float32
    case bfloat16
}
