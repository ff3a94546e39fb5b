// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Foundation
import MedicalBenchmark
import Messages
import ServiceRuntime
import Tokenization

/// Serves `tokenize.instructions`: instruction samples to sequences whose prompts are no targets.
struct TokenizeInstructionsHandler: JobHandler {
    let kinds: [JobKind] = [.tokenizeInstructions]
    let tokenizers: TokenizerCache

    func handle(_ payload: TokenizeInstructions, context: JobContext) async throws -> TokenizeInstructions.Output {
        let folder = try context.workspace + "/instructions"
        let summary = try await context.compute { () throws -> InstructionSummary in
            try CorpusFailure.describing { try build(payload, folder: folder, context) }
        }
        return TokenizeInstructions.Output(
            dataset: try await context.publish(summary.dataset, name: "dataset"), samples: summary.samples,
            tokens: summary.tokens, truncated: summary.truncated, dropped: summary.dropped.map(DroppedCount.init))
    }

    private func build(
        _ payload: TokenizeInstructions, folder: String, _ context: JobContext
    ) throws -> InstructionSummary {
        let path = try context.resolve(payload.tokenizer)
        let tokenizer = try tokenizers.tokenizer(at: path)
        let sources = try payload.sources.map { try self.source($0, context) }
        // What a killed attempt left.
        try? FileManager.default.removeItem(atPath: folder)
        let summary = try InstructionBuilder.build(
            InstructionOptions(
                sources: sources, sequenceLength: payload.sequenceLength, packing: payload.packing ?? true,
                seed: payload.seed ?? 0),
            tokenizer: tokenizer, output: folder, control: BuildControl(context))
        try TokenizerCopy.copy(from: path, to: summary.dataset)
        return summary
    }

    private func source(_ source: TokenizeInstructions.Source, _ context: JobContext) throws -> InstructionSource {
        let records = source.records.flatMap(RecordRange.parse)
        guard let task = BenchmarkCatalog.tasks.first(where: { $0.id == source.format }) else {
            return InstructionSource(
                name: source.name, format: try format(source), path: try context.sourcePath(source.path),
                template: source.template, limit: source.limit, records: records)
        }
        let path = try context.resolve(source.path)
        let examples = try TrainingExample.examples(
            of: task, data: URL(filePath: path), split: source.split, records: records, limit: source.limit,
            prompt: source.template)
        return InstructionSource(
            name: source.name, path: path,
            samples: examples.map {
                InstructionSample(
                    head: $0.head, context: $0.context, tail: $0.tail, answer: $0.answer, separator: $0.separator)
            })
    }

    private func format(_ source: TokenizeInstructions.Source) throws -> InstructionSource.Format {
        do {
            return try InstructionSource.Format(name: source.format, source: "source \(source.name)")
        } catch let error as CorporaError {
            let tasks = BenchmarkCatalog.tasks.map(\.id).joined(separator: ", ")
            throw CorporaError(error.code, error.subject, "\(error.detail), or a task of the benchmark: \(tasks)")
        }
    }
}
