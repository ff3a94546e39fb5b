// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tokenization

/// Trains a vocabulary on files of documents.
public enum VocabularyBuilder {
    /// Trains on every document of `paths`: files or patterns; names that end in `.jsonl` are read by their field `text`,
    /// all others as plain text.
    ///
    /// Throws like ``DocumentReader`` and ``SentencePieceTrainer``.
    public static func train(
        paths: [String], options: SentencePieceTrainer.Options, control: BuildControl = BuildControl()
    ) throws -> SentencePieceModel {
        var trainer = SentencePieceTrainer(options)
        var count = 0
        for path in paths {
            for file in try SourceFiles.matching(path) {
                let format: DocumentFormat = file.hasSuffix(".jsonl") ? .jsonl : .text
                // A vocabulary has no domains; the reader ignores it.
                let source = DocumentSource(name: file, domain: .general, path: file, format: format)
                try DocumentReader(source).forEach { document in
                    try control.step("reading", count)
                    count += 1
                    trainer.add(document.text)
                }
            }
        }
        return try trainer.train { done, total in try control.step("training the vocabulary", done, of: total) }
    }
}
