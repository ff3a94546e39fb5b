// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Which of the new tokens of a sequence logits are wanted for.
public enum LogitsWanted: Sendable, Hashable {
    /// None, when only the cache matters.
    case none
    /// The last one.
    case last
    /// Every one.
    case all
}
