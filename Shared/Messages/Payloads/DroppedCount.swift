// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How many documents of a source were left out, and why.
public struct DroppedCount: Codable, Sendable, Hashable {
    public var source: String
    /// A fixed word: `duplicate`, `contaminated`, `empty`, …
    public var reason: String
    public var documents: Int

    public init(source: String, reason: String, documents: Int) {
        self.source = source
        self.reason = reason
        self.documents = documents
    }
}
