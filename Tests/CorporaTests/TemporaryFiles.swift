// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Tokenization

/// A folder that lives as long as a test's body.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "corpora-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}

/// Writes a text file.
@discardableResult
func write(_ text: String, to path: String) throws -> String {
    try Data(text.utf8).write(to: URL(filePath: path))
    return path
}

/// The 460-piece tokenizer of the tokenization fixtures.
func fixtureTokenizer() throws -> SentencePieceTokenizer {
    try SentencePieceTokenizer(file: OutsideData.fixtures.appending(path: "tokenization/plain/tokenizer.model").path)
}
