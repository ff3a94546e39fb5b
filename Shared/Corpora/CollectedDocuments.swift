// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tokenization

/// The first pass of a corpus: every document read, cleaned, tokenized, and put on one side of the held-out split.
struct CollectedDocuments {
    let spool: TokenSpool
    let spoolPath: String
    /// Documents to train on by domain, as numbers of the spool, in reading order.
    private(set) var training: [CorpusDomain: [Int]] = [:]
    /// Documents kept out of training.
    private(set) var heldOut: [CorpusDomain: [Int]] = [:]
    private(set) var dropped = DropCounter()
    let decontaminator: Decontaminator

    init(_ options: CorpusOptions, tokenizer: any Tokenizer, folder: String, control: BuildControl) throws {
        var decontaminator = Decontaminator()
        for benchmark in options.decontaminate { try benchmark.forEachText { decontaminator.add($0) } }
        self.decontaminator = decontaminator
        var seen: Set<UInt64> = []
        var contaminated: Set<Int> = []
        var dropped = DropCounter()
        var count = 0
        var kept = 0
        spoolPath = folder + "/spool"
        var writer = try TokenSpool.Writer(path: spoolPath)
        for (number, source) in options.sources.enumerated() {
            try DocumentReader(source).forEach { document in
                try control.step("reading", count)
                count += 1
                let words = WordFingerprints(document.text)
                // A text without words is compared by its bytes.
                let fingerprint = words.words.isEmpty ? Self.hash(document.text) : words.whole
                guard !document.text.utf8.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) else {
                    return dropped.add(source.name, .empty)
                }
                if options.deduplicate, !seen.insert(fingerprint).inserted {
                    return dropped.add(source.name, .duplicate)
                }
                if decontaminator.isContaminated(words) {
                    dropped.add(source.name, .contaminated)
                    contaminated.insert(kept)
                }
                try writer.append(
                    tokenizer.encode(untrusted: document.text), source: number, textBytes: document.text.utf8.count,
                    fingerprint: fingerprint)
                kept += 1
            }
        }
        spool = try writer.finish()
        self.dropped = dropped
        split(options, contaminated)
    }

    /// Holds out the documents whose hash with the seed is lowest, at least one of each domain that has two.
    ///
    /// Contaminated documents take part and are then left out on both sides: two corpora that share sources and seed but
    /// not their benchmarks hold out the same documents.
    private mutating func split(_ options: CorpusOptions, _ contaminated: Set<Int>) {
        for domain in CorpusDomain.allCases {
            let documents = spool.entries.indices.filter { options.sources[spool.entries[$0].source].domain == domain }
            guard !documents.isEmpty else { continue }
            var count = 0
            if options.holdout > 0, documents.count > 1 {
                count = max(1, Int((options.holdout * Double(documents.count)).rounded()))
            }
            let rank = documents.map { WordFingerprints.mix(options.seed, spool.entries[$0].fingerprint) }
            let lowest = documents.indices.sorted { (rank[$0], $0) < (rank[$1], $1) }.prefix(count)
            let out = Set(lowest.map { documents[$0] })
            training[domain] = documents.filter { !out.contains($0) && !contaminated.contains($0) }
            heldOut[domain] = documents.filter { out.contains($0) && !contaminated.contains($0) }
        }
    }

    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0x452_821E_638D_0137) { WordFingerprints.mix($0, UInt64($1)) }
    }
}
