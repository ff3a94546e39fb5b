// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Foundation
import Messages
import ServiceRuntime
import Tokenization

/// Serves `tokenize.corpus`: documents of three domains to packed token shards in a stated proportion.
struct TokenizeCorpusHandler: JobHandler {
    let kinds: [JobKind] = [.tokenizeCorpus]
    let tokenizers: TokenizerCache

    func handle(_ payload: TokenizeCorpus, context: JobContext) async throws -> TokenizeCorpus.Output {
        let folder = try context.workspace + "/corpus"
        let summary = try await context.compute { () throws -> CorpusSummary in
            try CorpusFailure.describing { try build(payload, folder: folder, context) }
        }
        var heldOut: [String: DataReference] = [:]
        for (domain, path) in summary.heldOut {
            heldOut[domain.rawValue] = try await context.publish(
                path, name: "held-out-\(domain.rawValue)", insideOutput: true)
        }
        return TokenizeCorpus.Output(
            dataset: try await context.publish(summary.dataset, name: "dataset", insideOutput: true), heldOut: heldOut,
            tokens: TokenCounts(
                total: summary.tokens,
                byDomain: Dictionary(uniqueKeysWithValues: summary.tokensByDomain.map { ($0.rawValue, $1) }),
                bySource: summary.tokensBySource),
            dropped: summary.dropped.map(DroppedCount.init),
            repeated: Dictionary(uniqueKeysWithValues: summary.repeated.map { ($0.rawValue, $1) }))
    }

    private func build(_ payload: TokenizeCorpus, folder: String, _ context: JobContext) throws -> CorpusSummary {
        let path = try context.resolve(payload.tokenizer)
        let tokenizer = try tokenizers.tokenizer(at: path)
        // What a killed attempt left.
        try? FileManager.default.removeItem(atPath: folder)
        let summary = try CorpusBuilder.build(
            options(payload, context), tokenizer: tokenizer, output: folder, control: BuildControl(context))
        try TokenizerCopy.copy(from: path, to: summary.dataset)
        return summary
    }

    private func options(_ payload: TokenizeCorpus, _ context: JobContext) throws -> CorpusOptions {
        let sources = try payload.sources.map { source in
            DocumentSource(
                name: source.name, domain: CorpusDomain(source.domain), path: try context.sourcePath(source.path),
                format: try DocumentFormat(name: source.format, source: "source \(source.name)"), field: source.field,
                records: source.records.flatMap(RecordRange.parse))
        }
        let mix = payload.mix ?? .paper
        return CorpusOptions(
            sources: sources,
            mix: Dictionary(uniqueKeysWithValues: Domain.allCases.map { (CorpusDomain($0), mix[$0]) }),
            tokens: payload.tokens, sequenceLength: payload.sequenceLength, seed: payload.seed ?? 0,
            holdout: payload.holdout ?? 0, deduplicate: payload.deduplicate ?? true,
            decontaminate: try (payload.decontaminate ?? []).map { try benchmark($0, context) })
    }

    /// A benchmark named by its task alone is looked for under that name in the data roots.
    private func benchmark(_ benchmark: BenchmarkData, _ context: JobContext) throws -> BenchmarkSource {
        let records = benchmark.records.flatMap(RecordRange.parse)
        if let data = benchmark.data {
            return BenchmarkSource(task: benchmark.task, path: try context.sourcePath(data), records: records)
        }
        do {
            let path = try context.sourcePath(.path(benchmark.task))
            return BenchmarkSource(task: benchmark.task, path: path, records: records)
        } catch let failure as JobFailure {
            throw JobFailure.badInput(
                "payload.decontaminate: the data of \"\(benchmark.task.prefix(60))\" is not below the data roots "
                    + "(\(failure.detail)); write {\"task\": …, \"data\": …}")
        }
    }
}

extension CorpusDomain {
    init(_ domain: Domain) {
        switch domain {
        case .biomedical: self = .biomedical
        case .clinical: self = .clinical
        case .general: self = .general
        }
    }
}
