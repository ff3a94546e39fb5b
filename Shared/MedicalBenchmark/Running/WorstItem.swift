// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// An item that was answered badly, for whoever wants to see why.
public struct WorstItem: Codable, Sendable, Hashable {
    public let id: String
    /// 0 to 1.
    public let score: Double
    /// The head of the right answer; nil where the set is restricted.
    public let gold: String?
    /// The head of what the model wrote; nil where the set is restricted.
    public let output: String?

    static func excerpt(_ text: String) -> String {
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return words.count <= 240 ? words : String(words.prefix(240)) + " …"
    }
}
