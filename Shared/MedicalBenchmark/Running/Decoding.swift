// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How answers were decoded.
public struct Decoding: Codable, Sendable, Hashable {
    /// New tokens an answer could have; nil where answers were scored or chosen.
    public let maxTokens: Int?
    /// 0: greedy.
    public let temperature: Double
    public let stop: [String]
    /// Tokens of the model's context.
    public let contextLength: Int
    /// Whether lengths were estimated, the model's tokenizer not being known here.
    public var isEstimated: Bool?
}
