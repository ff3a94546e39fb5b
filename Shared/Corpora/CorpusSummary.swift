// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a corpus came to: the numbers a report shows.
public struct CorpusSummary: Codable, Sendable, Equatable {
    /// The folder of the training dataset.
    public var dataset: String
    /// The folders of the held-out datasets; domains without any are missing.
    public var heldOut: [CorpusDomain: String]
    /// Tokens of the training dataset, special ones included.
    public var tokens: Int
    /// The same by domain.
    public var tokensByDomain: [CorpusDomain: Int]
    /// The same by source.
    public var tokensBySource: [String: Int]
    /// How often each domain's text was taken: tokens taken over tokens there are (1 = once).
    public var repeated: [CorpusDomain: Double]
    /// Documents on the training side, by source; a small budget may not reach all of them.
    public var documents: [String: Int]
    /// Held-out documents by domain.
    public var heldOutDocuments: [CorpusDomain: Int]
    /// What was left out and why.
    public var dropped: [DroppedDocuments]
    /// Benchmark texts that were looked for, and those too short to look for.
    public var benchmarkTexts: Int
    public var benchmarkTextsTooShort: Int
}

/// Documents or samples of one source that were left out for one reason.
public struct DroppedDocuments: Codable, Sendable, Equatable {
    /// Why something was left out.
    public enum Reason: String, Codable, Sendable, CaseIterable {
        /// Nothing but spaces.
        case empty
        /// The same words as an earlier document.
        case duplicate
        /// Shares a run of words with a benchmark.
        case contaminated
        /// The prompt's instruction and the answer alone do not fit the sequence length.
        case tooLong
    }
    /// The source's name.
    public var source: String
    public var reason: Reason
    /// How many.
    public var count: Int
}

/// Counts what is left out.
struct DropCounter {
    private var counts: [String: [DroppedDocuments.Reason: Int]] = [:]

    mutating func add(_ source: String, _ reason: DroppedDocuments.Reason) {
        counts[source, default: [:]][reason, default: 0] += 1
    }

    /// By source name, then reason.
    var summary: [DroppedDocuments] {
        counts.sorted { $0.key < $1.key }.flatMap { source, reasons in
            reasons.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { DroppedDocuments(source: source, reason: $0.key, count: $0.value) }
        }
    }
}
