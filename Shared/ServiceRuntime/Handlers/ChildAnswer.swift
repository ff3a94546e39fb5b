// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a job that another asked for answered.
public struct ChildAnswer<Output: Sendable>: Sendable {
    public let output: Output
    /// Figures of its work, as its result tells them.
    public let metrics: [String: Double]
}
