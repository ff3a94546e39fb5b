// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One row to learn from: token ids and, for each, the id to predict there or -100.
public struct TrainingSample: Sendable, Hashable {
    /// The label of a token that is no target.
    public static let ignored: Int32 = -100

    public let ids: [Int32]
    /// As many as ``ids``, not shifted: the label of a token is that token or -100.
    public let labels: [Int32]
    /// Where documents begin in the row, ascending from 0; a document sees no other when there are several.
    public let starts: [Int]

    /// A row of one document.
    public init(ids: [Int32], labels: [Int32]) {
        self.init(ids: ids, labels: labels, starts: [0])
    }

    public init(ids: [Int32], labels: [Int32], starts: [Int]) {
        self.ids = ids
        self.labels = labels
        self.starts = starts
    }

    /// The labels that count: not -100, and not first of a document, for which nothing predicts.
    public var targetCount: Int {
        let all = labels.reduce(0) { $0 + ($1 == Self.ignored ? 0 : 1) }
        return all - starts.count { labels.indices.contains($0) && labels[$0] != Self.ignored }
    }
}
