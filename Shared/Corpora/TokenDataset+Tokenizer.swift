// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Tokenization

extension TokenDataset {
    /// Throws `mismatch` where a model's folder has another tokenizer than these rows were made with: their ids would
    /// mean something else to the model.
    ///
    /// Nothing is said where either is unknown: rows of a JSON Lines file, a folder without a tokenizer, or with one that
    /// this version can't read. A damaged tokenizer throws ``CorporaError`` with code `malformed`.
    public func checkTokenizer(in folder: String, name: String) throws {
        guard let tokenizerDigest, let file = try? TokenizerFile.locate(folder) else { return }
        let tokenizer: any Tokenizer
        do {
            tokenizer = try TokenizerFile.load(path: file)
        } catch let error as TokenizationError {
            if error.code == .unsupported { return }
            throw CorporaError(.malformed, error.subject, error.detail)
        }
        guard tokenizer.digest != tokenizerDigest else { return }
        throw CorporaError(
            .mismatch, name,
            "was made with another tokenizer (of \(vocabularySize) pieces) than \(file) (of"
                + " \(tokenizer.vocabularySize)); tokenize with the model's own tokenizer")
    }
}
