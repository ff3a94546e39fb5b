// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A figure of the paper's tables.
public struct PaperFigure: Codable, Sendable, Hashable {
    /// 1 to 4.
    public let table: Int
    /// `zero-shot`, `supervised fine-tuning`, `supervised/forgetting`.
    public let setting: String
    /// As the paper's tables name it.
    public let dataset: String
    public let metric: String
    public let model: String
    /// A fraction.
    public let value: Double
    /// Whether the authors took it from another paper.
    public let cited: Bool
}
