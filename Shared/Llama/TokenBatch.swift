// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Rows of token ids with their labels, positions and document segments.
///
/// Rows may differ in length; padding is not stored, so it costs nothing. Labels are unshifted copies of the ids with
/// −100 where a token is no target; the shift by one is made here. With segments, attention stays inside a segment,
/// positions restart, and the first token of a segment is no target (isolated packing); without, a row is one stream.
public struct TokenBatch: Sendable {
    /// A label that is not counted.
    public static let ignored: Int32 = -100

    /// A stretch of one row in which tokens attend to each other.
    struct Span: Sendable {
        let start: Int
        let count: Int
    }

    /// Rows.
    public let rowCount: Int
    /// Tokens of the longest row.
    public let columnCount: Int
    /// Tokens of each row.
    public let lengths: [Int]
    /// The ids of all rows, one row after the other.
    public let ids: [Int32]
    /// The position of each id in its document.
    public let positions: [Int32]
    /// The id that each position predicts, or `ignored`: labels shifted by one, never across a seam.
    public let targets: [Int32]
    let spans: [Span]

    /// A batch of ragged rows.
    ///
    /// - Parameters:
    ///   - rows: token ids; every row has at least one.
    ///   - labels: one for each id, `ignored` where it is no target; nil counts every token.
    ///   - segments: a document number for each id, each document contiguous; nil makes a row one document.
    ///   - positions: a position for each id; nil counts from 0 in every document.
    /// - Throws: `invalidBatch` naming the row whose lists differ in length or whose documents are interleaved.
    public init(
        rows: [[Int32]], labels: [[Int32]]? = nil, segments: [[Int32]]? = nil, positions: [[Int32]]? = nil
    ) throws(LlamaError) {
        guard !rows.isEmpty else { throw LlamaError(.invalidBatch, "the batch has no rows") }
        for (name, other) in [("labels", labels), ("segments", segments), ("positions", positions)] {
            if let other, other.count != rows.count {
                throw LlamaError(.invalidBatch, "\(name) has \(other.count) rows, the batch \(rows.count)")
            }
        }
        var flat: [Int32] = []
        var places: [Int32] = []
        var targets: [Int32] = []
        var spans: [Span] = []
        for (index, row) in rows.enumerated() {
            guard !row.isEmpty else { throw LlamaError(.invalidBatch, "row \(index) has no tokens") }
            for (name, other) in [("labels", labels), ("segments", segments), ("positions", positions)] {
                if let count = other?[index].count, count != row.count {
                    throw LlamaError(
                        .invalidBatch, "row \(index) has \(row.count) ids but \(count) \(name)")
                }
            }
            let ends = try Self.documentEnds(segments?[index], count: row.count, row: index)
            var start = 0
            for end in ends {
                spans.append(Span(start: flat.count + start, count: end - start))
                for column in start..<end {
                    places.append(positions?[index][column] ?? Int32(column - start))
                    let label = column + 1 < end ? (labels?[index] ?? row)[column + 1] : Self.ignored
                    targets.append(label)
                }
                start = end
            }
            flat += row
        }
        self.rowCount = rows.count
        self.columnCount = rows.map(\.count).max() ?? 0
        self.lengths = rows.map(\.count)
        self.ids = flat
        self.positions = places
        self.targets = targets
        self.spans = spans
    }

    /// A right-padded batch: of each row only the first `lengths[row]` entries count.
    public init(padded rows: [[Int32]], lengths: [Int], labels: [[Int32]]? = nil) throws(LlamaError) {
        guard lengths.count == rows.count, zip(rows, lengths).allSatisfy({ $1 >= 0 && $1 <= $0.count }) else {
            throw LlamaError(.invalidBatch, "lengths do not fit the rows they shorten")
        }
        let shortened = labels.map { zip($0, lengths).map { Array($0.prefix($1)) } }
        try self.init(rows: zip(rows, lengths).map { Array($0.prefix($1)) }, labels: shortened)
    }

    /// Tokens in all rows.
    public var tokenCount: Int { ids.count }

    /// Tokens that are predicted: what a loss is divided by.
    public var targetCount: Int { targets.reduce(0) { $0 + ($1 == Self.ignored ? 0 : 1) } }

    /// Where each document ends within its row.
    private static func documentEnds(
        _ segments: [Int32]?, count: Int, row: Int
    ) throws(LlamaError) -> [Int] {
        guard let segments else { return [count] }
        var seen: Set<Int32> = []
        var ends: [Int] = []
        for column in 0..<count where column + 1 == count || segments[column] != segments[column + 1] {
            guard seen.insert(segments[column]).inserted else {
                throw LlamaError(.invalidBatch, "row \(row): segment \(segments[column]) is not contiguous")
            }
            ends.append(column + 1)
        }
        return ends
    }

    /// Checks ids, targets and positions against a model.
    func check(_ c: LlamaConfiguration) throws(LlamaError) {
        let size = Int32(c.vocabularySize)
        if let index = ids.firstIndex(where: { $0 < 0 || $0 >= size }) {
            throw LlamaError(.invalidBatch, "token id \(ids[index]) is outside the vocabulary of \(size)")
        }
        if let index = targets.firstIndex(where: { ($0 < 0 || $0 >= size) && $0 != Self.ignored }) {
            throw LlamaError(.invalidBatch, "label \(targets[index]) is outside the vocabulary of \(size)")
        }
        if let index = positions.firstIndex(where: { $0 < 0 || Int($0) >= c.longestSequence }) {
            throw LlamaError(
                .invalidBatch,
                "position \(positions[index]) is outside the model's \(c.longestSequence) (max_position_embeddings)")
        }
    }
}
