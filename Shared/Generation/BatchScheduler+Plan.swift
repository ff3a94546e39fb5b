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

    /// Divides a step's tokens between tenants in turns, and each tenant's between its requests in their order.
    private func share(_ tenants: [[Item]], tokens: Int, rows: Int) -> [(item: Item, count: Int)] {
        var shares: [[(item: Item, count: Int)]] = tenants.map { items in items.map { ($0, 0) } }
        var (tokens, rows) = (max(1, tokens), rows)
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
