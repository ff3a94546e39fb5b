// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Foundation
import Messages
import ServiceRuntime
import Tokenization

/// Serves `tokenize.train`: a new SentencePiece BPE vocabulary.
struct TokenizeTrainHandler: JobHandler {
    let kinds: [JobKind] = [.tokenizeTrain]

    func handle(_ payload: TokenizeTrain, context: JobContext) async throws -> TokenizeTrain.Output {
        let folder = URL(filePath: try context.workspace, directoryHint: .isDirectory).appending(path: "tokenizer")
        let size = try await context.compute { () throws -> Int in
            try CorpusFailure.describing {
                let model = try VocabularyBuilder.train(
                    paths: payload.sources.map { try context.sourcePath($0) },
                    options: SentencePieceTrainer.Options(
                        vocabularySize: payload.vocabularySize, byteFallback: payload.byteFallback ?? true),
                    control: BuildControl(context))
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                try model.write(to: folder.appending(path: "tokenizer.model").path)
                return model.pieces.count
            }
        }
        return TokenizeTrain.Output(
            tokenizer: try await context.publish(folder.path, name: "tokenizer"), vocabularySize: size)
    }
}
