// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Tokenization

/// Puts the tokenizer beside what it made, so that a model trained on it can be asked in text.
enum TokenizerCopy {
    private static let settings = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]

    /// - Parameter path: the tokenizer's file, or a folder that holds one.
    static func copy(from path: String, to folder: String) throws {
        let file = URL(filePath: try TokenizerFile.locate(path))
        let target = URL(filePath: folder, directoryHint: .isDirectory)
        let name = TokenizerFile.names.contains(file.lastPathComponent) ? file.lastPathComponent : "tokenizer.model"
        try FileManager.default.copyItem(at: file, to: target.appending(path: name))
        for name in settings {
            let source = file.deletingLastPathComponent().appending(path: name)
            guard FileManager.default.fileExists(atPath: source.path) else { continue }
            try FileManager.default.copyItem(at: source, to: target.appending(path: name))
        }
    }
}
