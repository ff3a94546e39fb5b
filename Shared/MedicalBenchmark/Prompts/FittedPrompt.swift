// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A prompt as a model is asked it.
struct FittedPrompt: Sendable, Hashable {
    let text: String
    /// Worked examples left out for want of room.
    let shotsDropped: Int
    /// Whether the head of the passage was cut.
    let isContextCut: Bool
    /// Whether it is short enough now; if not, nothing more may be cut.
    let fits: Bool

    var isTruncated: Bool { shotsDropped > 0 || isContextCut }
}
