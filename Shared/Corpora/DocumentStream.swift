// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tokenization

/// The documents of one domain as an endless stream of tokens: BOS, text, EOS, in a new seeded order each time round.
struct DocumentStream {
    private let spool: TokenSpool
    private let domain: CorpusDomain
    private let marks: SpecialTokens
    private let seed: UInt64
    private var order: [Int] = []
    private var next = 0
    private var round = 0
    private let documents: [Int]
    /// The rest of the document that is being taken.
    private var pending: ArraySlice<TokenID> = []
    private var pendingBytes: ArraySlice<Int> = []
    private var pendingSource = 0
    /// Tokens taken by source number.
    private(set) var tokensBySource: [Int: Int] = [:]

    init(_ spool: TokenSpool, documents: [Int], domain: CorpusDomain, marks: SpecialTokens, seed: UInt64) {
        self.spool = spool
        self.documents = documents
        self.domain = domain
        self.marks = marks
        self.seed = seed
    }

    /// The next row, of exactly `length` tokens; documents run on from row to row.
    mutating func row(length: Int) -> TokenSequence {
        var row = TokenSequence(ids: [], domain: domain)
        var segment: Int32 = -1
        while row.ids.count < length {
            if pending.isEmpty { startDocument() }
            segment += 1
            let count = min(length - row.ids.count, pending.count)
            row.ids.append(contentsOf: pending.prefix(count))
            row.segments.append(contentsOf: repeatElement(segment, count: count))
            row.textBytes += pendingBytes.prefix(count).reduce(0, +)
            tokensBySource[pendingSource, default: 0] += count
            pending = pending.dropFirst(count)
            pendingBytes = pendingBytes.dropFirst(count)
        }
        row.labels = row.ids
        return row
    }

    private mutating func startDocument() {
        if next == order.count {
            order = documents
            var random = SeededRandom(seed: seed, purpose: "order of \(domain.rawValue)", number: round)
            random.shuffle(&order)
            next = 0
            round += 1
        }
        let entry = spool.entries[order[next]]
        next += 1
        pendingSource = entry.source
        let text = spool.ids(of: entry)
        pending = marks.document(text)[...]
        pendingBytes = marks.byteCounts(of: text, textBytes: entry.textBytes)[...]
    }
}
