// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ServiceRuntime

/// The `tokenizer` executable: text to token ids and token shards.
@main
struct TokenizerCommand: ServiceCommand {
    static let service = "tokenizer"
    static let abstract = "Turns text into token ids, trains vocabularies and builds token data sets."

    static func handlers(_ settings: ServiceSettings) throws -> [any JobHandler] {
        let tokenizers = TokenizerCache()
        return [
            TokenizeTextHandler(tokenizers: tokenizers), TokenizeTrainHandler(),
            TokenizeCorpusHandler(tokenizers: tokenizers), TokenizeInstructionsHandler(tokenizers: tokenizers),
        ]
    }
}
