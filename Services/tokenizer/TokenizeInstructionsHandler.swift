// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Foundation
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
        let sources = try payload.sources.map { source in
            InstructionSource(
                name: source.name,
                format: try InstructionSource.Format(name: source.format, source: "source \(source.name)"),
                path: try context.sourcePath(source.path), template: source.template, limit: source.limit)
        }
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
}
