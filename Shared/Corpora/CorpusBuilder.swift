// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import Tokenization

/// Builds a pre-training corpus: documents of several domains to packed token sequences in a stated proportion.
///
/// Two passes. The first reads, cleans and tokenizes every document into a spool on disk; then it is known how much text
/// each domain has, which documents are held out, and how often a short domain must be repeated. The second packs rows.
public enum CorpusBuilder {
    /// Builds `dataset/` and `held-out/<domain>/` below `output`, which must be absent or empty, and says what was done.
    ///
    /// The same sources, options and tokenizer give the same bytes. On any error, and when cancelled, nothing stays.
    public static func build(
        _ options: CorpusOptions, tokenizer: any Tokenizer, output: String, control: BuildControl = BuildControl()
    ) throws -> CorpusSummary {
        try options.validate()
        var staged = try StagedFolder(finalPath: output)
        let collected = try CollectedDocuments(options, tokenizer: tokenizer, folder: staged.path, control: control)
        let marks = SpecialTokens(tokenizer)
        let available = collected.training.mapValues { documents in
            documents.reduce(0) { $0 + collected.spool.entries[$1].count + marks.count }
        }
        let plan = try MixturePlan(
            available: available, mix: options.mix, tokens: options.tokens, sequenceLength: options.sequenceLength,
            maximumRepetitions: options.maximumRepetitions)
        let folder = try staged.makeFolder("dataset")
        let (manifest, bySource) = try writeRows(
            plan, collected, options, tokenizer, marks: marks, folder: folder, control: control)
        var heldOut: [CorpusDomain: String] = [:]
        for (domain, documents) in collected.heldOut where !documents.isEmpty {
            let folder = try staged.makeFolder("held-out/\(domain.rawValue)")
            try writeHeldOut(documents, domain, collected, options, tokenizer, marks: marks, folder: folder)
            heldOut[domain] = output + "/held-out/\(domain.rawValue)"
        }
        let names = options.sources.map(\.name)
        var documents: [String: Int] = [:]
        for number in collected.training.values.joined() {
            documents[names[collected.spool.entries[number].source], default: 0] += 1
        }
        try? FileManager.default.removeItem(atPath: collected.spoolPath)
        try staged.publish()
        return CorpusSummary(
            dataset: output + "/dataset", heldOut: heldOut, tokens: manifest.counts.tokens,
            tokensByDomain: manifest.domains.mapValues(\.tokens), tokensBySource: bySource,
            repeated: plan.quotas.reduce(into: [:]) { $0[$1.key] = Double($1.value) / Double(available[$1.key] ?? 1) },
            documents: documents, heldOutDocuments: collected.heldOut.mapValues(\.count).filter { $0.value > 0 },
            dropped: collected.dropped.summary, benchmarkTexts: collected.decontaminator.used,
            benchmarkTextsTooShort: collected.decontaminator.unused)
    }

    private static func writeRows(
        _ plan: MixturePlan, _ collected: CollectedDocuments, _ options: CorpusOptions, _ tokenizer: any Tokenizer,
        marks: SpecialTokens, folder: String, control: BuildControl
    ) throws -> (DatasetManifest, [String: Int]) {
        var streams: [CorpusDomain: DocumentStream] = [:]
        for domain in plan.quotas.keys {
            streams[domain] = DocumentStream(
                collected.spool, documents: collected.training[domain] ?? [], domain: domain, marks: marks,
                seed: options.seed)
        }
        var left = plan.quotas
        var writer = DatasetWriter(
            folder: folder, tokenizer: tokenizer, sequenceLength: options.sequenceLength, packing: .documents)
        let order = plan.order(sequenceLength: options.sequenceLength)
        for (number, domain) in order.enumerated() {
            try control.step("writing", number, of: order.count)
            let length = min(options.sequenceLength, left[domain] ?? 0)
            left[domain, default: 0] -= length
            // One token alone has nothing to be predicted from; a last row of one is left out.
            guard length >= 2, let row = streams[domain]?.row(length: length) else { continue }
            try writer.append(row)
        }
        try control.step("writing", order.count, of: order.count)
        var bySource: [String: Int] = [:]
        for stream in streams.values {
            for (source, tokens) in stream.tokensBySource {
                bySource[options.sources[source].name, default: 0] += tokens
            }
        }
        return (try writer.finish(sources: bySource), bySource)
    }

    /// A held-out document is cut into rows of its own, each begun with BOS, so that every token of its text is predicted
    /// exactly once and the bytes of all rows are the bytes of the text.
    private static func writeHeldOut(
        _ documents: [Int], _ domain: CorpusDomain, _ collected: CollectedDocuments, _ options: CorpusOptions,
        _ tokenizer: any Tokenizer, marks: SpecialTokens, folder: String
    ) throws {
        var writer = DatasetWriter(
            folder: folder, tokenizer: tokenizer, sequenceLength: options.sequenceLength, packing: .none)
        var bySource: [String: Int] = [:]
        for number in documents {
            let entry = collected.spool.entries[number]
            let text = collected.spool.ids(of: entry)
            let ids = (text + marks.end)[...]
            let bytes = marks.byteCounts(of: text, textBytes: entry.textBytes).dropFirst(marks.begin.count)
            let room = options.sequenceLength - marks.begin.count
            for start in stride(from: 0, to: ids.count, by: room) {
                let part = ids.dropFirst(start).prefix(room)
                let row = TokenSequence(
                    ids: marks.begin + part, domain: domain,
                    textBytes: bytes.dropFirst(start).prefix(room).reduce(0, +))
                try writer.append(row)
                bySource[options.sources[entry.source].name, default: 0] += row.ids.count
            }
        }
        _ = try writer.finish(sources: bySource)
    }
}
