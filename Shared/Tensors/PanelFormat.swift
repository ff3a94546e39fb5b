// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What the weights of a model that answers are kept and multiplied in.
public enum PanelFormat: String, Sendable, CaseIterable {
    /// 4 bytes a weight; products in float32.
    case float32
    /// 2 bytes a weight; products of operands rounded to bfloat16, sums in float32.
    case bfloat16
    /// 34 bytes for 32 weights; activations are quantised too, and products are of integers.
    case q8 = "q8_0"
    /// 18 bytes for 32 weights, else as `q8`.
    case q4 = "q4_0"

    /// The blocks of a quantised format.
    public var blocks: BlockFormat? {
        switch self {
        case .q8: .q8
        case .q4: .q4
        case .float32, .bfloat16: nil
        }
    }
}
