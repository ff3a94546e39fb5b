// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How many tokens of each domain a corpus has, and in which order their rows come.
///
/// Shares are exact: the parts differ from the ratio by less than one token each (largest remainders), and add up to the
/// whole. A domain that has fewer tokens than its share is repeated from its beginning, in a new order each time, up to
/// a limit. Rows are interleaved so that every prefix of the corpus is within a row of the ratio.
struct MixturePlan: Sendable, Equatable {
    /// Tokens of each domain; domains without any are missing.
    let quotas: [CorpusDomain: Int]

    /// Plans `tokens` (nil: as many as go without repetition) in the ratio `mix` (nil: everything once).
    init(
        available: [CorpusDomain: Int], mix: [CorpusDomain: Double]?, tokens: Int?, sequenceLength: Int,
        maximumRepetitions: Double
    ) throws {
        let weights = mix ?? available.mapValues { Double($0) }
        let wanted = CorpusDomain.allCases.filter { (weights[$0] ?? 0) > 0 }
        let sum = wanted.reduce(0) { $0 + (weights[$1] ?? 0) }
        for domain in wanted where (available[domain] ?? 0) == 0 {
            throw CorporaError(
                .tooLittleText, "mix", "no \(domain.rawValue) text is left to train on; add documents or lower holdout")
        }
        let most = wanted.map { Double(available[$0] ?? 0) * sum / (weights[$0] ?? 1) }.min() ?? 0
        let all = available.values.reduce(0, +)
        let total = tokens ?? (mix == nil ? all : min(all, Int(most)))
        guard total >= sequenceLength else {
            throw CorporaError(
                .tooLittleText, "mix",
                "without repeating text, this ratio allows \(total) tokens, less than one sequence of \(sequenceLength);"
                    + " add text to the scarcest domain, or set tokens to repeat it")
        }
        var parts = wanted.map { Int(Double(total) * (weights[$0] ?? 0) / sum) }
        let remainders = wanted.indices.map { Double(total) * (weights[wanted[$0]] ?? 0) / sum - Double(parts[$0]) }
        let order = wanted.indices.sorted { (remainders[$0], $1) > (remainders[$1], $0) }
        for place in order.prefix(max(0, total - parts.reduce(0, +))) { parts[place] += 1 }
        quotas = Dictionary(uniqueKeysWithValues: zip(wanted, parts))
        for (domain, quota) in zip(wanted, parts) {
            let times = Double(quota) / Double(available[domain] ?? 1)
            guard quota >= 2, times <= maximumRepetitions else {
                throw CorporaError(
                    .tooLittleText, "mix",
                    "\(total) tokens in this ratio need \(quota) \(domain.rawValue) tokens, there are"
                        + " \(available[domain] ?? 0), and text is repeated at most \(maximumRepetitions) times; ask for"
                        + " \(Int(most * maximumRepetitions)) tokens or fewer, or add documents")
            }
        }
    }

    /// The domain of each row, in order, for rows of this length; the last row of a domain may be shorter.
    func order(sequenceLength: Int) -> [CorpusDomain] {
        let rows = CorpusDomain.allCases.compactMap { domain -> (domain: CorpusDomain, rows: Int)? in
            let count = ((quotas[domain] ?? 0) + sequenceLength - 1) / sequenceLength
            return count > 0 ? (domain, count) : nil
        }
        var done = [Int](repeating: 0, count: rows.count)
        var order: [CorpusDomain] = []
        while order.count < rows.reduce(0, { $0 + $1.rows }) {
            // Row k of n stands at (k + 1/2) / n; the smallest place comes next.
            var best: Int?
            for place in rows.indices where done[place] < rows[place].rows {
                guard let other = best else {
                    best = place
                    continue
                }
                if (2 * done[place] + 1) * rows[other].rows < (2 * done[other] + 1) * rows[place].rows { best = place }
            }
            guard let best else { break }
            done[best] += 1
            order.append(rows[best].domain)
        }
        return order
    }
}
