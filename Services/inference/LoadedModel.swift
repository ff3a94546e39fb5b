// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Llama
import Synchronization
import Tokenization

/// A model in memory with the engine that owns it, and the tokenizer that stands beside it.
final class LoadedModel: Sendable {
    /// Schemas kept compiled; their masks take the memory.
    private static let grammarsKept = 32

    let engine: BatchEngine<ServedLlama>
    /// Nil where the model's folder has none: then requests are given as ids.
    let tokenizer: (any Tokenizer)?
    /// The conversation form that its folder names.
    let chatTemplate: ChatTemplate?
    /// What it takes in memory: weights, and the keys and values there may be; a tokenizer is small beside them.
    let bytes: Int
    private let vocabulary = Mutex<VocabularyBytes?>(nil)
    private let grammars = Mutex(LeastRecentlyUsed<[UInt8], TokenGrammar>(budget: grammarsKept))

    init(
        _ model: ServedLlama, bytes: Int, tokenizer: (any Tokenizer)?, chatTemplate: ChatTemplate?,
        onStep: @escaping @Sendable (BatchFigures) -> Void
    ) throws {
        self.bytes = bytes
        self.tokenizer = tokenizer
        self.chatTemplate = chatTemplate
        var makeText: (@Sendable () -> any TextStream)?
        if let tokenizer { makeText = { tokenizer.streamingDecoder() } }
        engine = try BatchEngine(model: model, makeText: makeText, onStep: onStep)
    }

    var model: ServedLlama { engine.model }

    /// A schema over the model's vocabulary, compiled once.
    func grammar(_ schema: [UInt8], isOrdered: Bool, with tokenizer: any Tokenizer) throws -> TokenGrammar {
        let key = schema + [isOrdered ? 1 : 0]
        if let known = grammars.withLock({ $0.value(for: key) }) { return known }
        let grammar = try TokenGrammar(JSONSchema(schema, isOrdered: isOrdered), vocabulary: vocabulary(of: tokenizer))
        grammars.withLock { _ = $0.insert(grammar, bytes: 1, for: key) }
        return grammar
    }

    private func vocabulary(of tokenizer: any Tokenizer) -> VocabularyBytes {
        vocabulary.withLock { known in
            if let known { return known }
            let size = min(tokenizer.vocabularySize, model.vocabularySize)
            let made = VocabularyBytes(vocabularySize: size) { tokenizer.appendBytes(of: $0, to: &$1) }
            known = made
            return made
        }
    }
}

/// A model and an adapter, if there is one, in the hands of a job; they stay in memory until they are given back.
struct BorrowedModel: Sendable {
    let loaded: LoadedModel
    let adapter: ServedAdapter?
    let adapterName: String
    /// What was pinned for it.
    let pins: [ResidentKey]
}
