// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import ServiceRuntime
import Tokenization

/// `tokenize.text`: texts to token ids.
struct TokenizeTextHandler: JobHandler {
    let kinds: [JobKind] = [.tokenizeText]
    let tokenizers: TokenizerCache

    func handle(_ payload: TokenizeText, context: JobContext) async throws -> TokenizeText.Output {
        let path = try context.resolve(payload.tokenizer)
        return try await context.compute { [tokenizers] in
            let tokenizer = try tokenizers.tokenizer(at: path)
            var ids: [[Int32]] = []
            ids.reserveCapacity(payload.texts.count)
            for (index, text) in payload.texts.enumerated() {
                if index % 64 == 0 {
                    try context.checkStop()
                    context.report(JobProgress(phase: "encoding", step: index, total: payload.texts.count))
                }
                ids.append(tokenizer.encode(text, addBOS: payload.addBOS ?? false))
            }
            return TokenizeText.Output(ids: ids)
        }
    }
}
