// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama

extension BatchScheduler {
    /// Tokens of a tenant's prompts before it is the next one's turn.
    private static var quantum: Int { 64 }

    /// Rows of logits held at once: 128 MB of them.
    private var rowLimit: Int { max(1, (1 << 25) / max(1, model.vocabularySize)) }

    /// What the next step computes: a token of every answer under way, then prompts in fair turns.
    func plan() -> [(item: Item, count: Int)] {
        var decoding: [(item: Item, count: Int)] = []
        var tenants: [String] = []
        var rest: [String: [Item]] = [:]
        for work in active where begin(work) {
            for strand in work.strands {
                if strand.isDecode {
                    decoding.append(((work, strand), 1))
                } else {
                    if rest[work.origin.tenant] == nil { tenants.append(work.origin.tenant) }
                    rest[work.origin.tenant, default: []].append((work, strand))
                }
            }
        }
        guard !tenants.isEmpty else { return decoding }
        turn += 1
        let first = turn % tenants.count
        let shares = share(
            (tenants[first...] + tenants[..<first]).compactMap { rest[$0] },
            tokens: decoding.isEmpty ? options.tokensAlone : options.tokensBesideDecode,
            rows: max(decoding.isEmpty ? 1 : 0, rowLimit - decoding.count))
        return decoding + shares
    }

    /// Divides a step's tokens between tenants in turns, and each tenant's between its requests: those go first of which
    /// least is left, so that a short prompt's first token does not wait for a long one; but a quarter of the tenant's part
    /// is for its oldest, so that no flow of short ones holds up a long one for good.
    private func share(_ tenants: [[Item]], tokens: Int, rows: Int) -> [(item: Item, count: Int)] {
        var (tokens, rows) = (max(1, tokens), rows)
        let quarter = tokens / 4 / tenants.count
        var shares: [[(item: Item, count: Int)]] = tenants.map { items in
            var shares: [(item: Item, count: Int)] = items.map { ($0, 0) }
            let count = fitting(items[0].strand, given: 0, more: quarter, rows: rows)
            shares[0].count = count
            rows -= items[0].strand.rows(count)
            tokens -= count
            // Stable: those of one length stay in the order of arrival.
            return shares.enumerated().sorted {
                let (a, b) = ($0.element.item.strand.pending.count, $1.element.item.strand.pending.count)
                return a != b ? a < b : $0.offset < $1.offset
            }.map(\.element)
        }
        var next = tenants.map { _ in 0 }
        var isProgress = true
        while tokens > 0, isProgress {
            isProgress = false
            for tenant in shares.indices {
                var turn = min(Self.quantum, tokens)
                while turn > 0, next[tenant] < shares[tenant].count {
                    let (item, given) = shares[tenant][next[tenant]]
                    let more = fitting(item.strand, given: given, more: turn, rows: rows)
                    if more > 0 {
                        rows -= item.strand.rows(given + more) - item.strand.rows(given)
                        shares[tenant][next[tenant]].count += more
                        turn -= more
                        tokens -= more
                        isProgress = true
                    }
                    if more == 0 || shares[tenant][next[tenant]].count == item.strand.pending.count {
                        next[tenant] += 1
                    }
                }
            }
        }
        return shares.joined().filter { $0.count > 0 }
    }

    /// How many more tokens of a strand the rows that are left allow.
    private func fitting(_ strand: Strand<Model.Cache>, given: Int, more: Int, rows: Int) -> Int {
        let more = min(more, strand.pending.count - given)
        switch strand.wanted {
        case .none: return more
        case .all: return min(more, rows)
        case .last: return given + more == strand.pending.count && rows < 1 ? more - 1 : more
        }
    }
}
