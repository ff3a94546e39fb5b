// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Finds out what kind of tokenizer a file holds, and loads it.
public enum TokenizerFile {
    /// The names looked for in a model's folder, in this order.
    public static let names = ["tokenizer.model", "tokenizer.json"]

    /// Files of more bytes are refused.
    public static let largest = SentencePieceModel.largestFile

    /// Loads a tokenizer file, or the one in a model's folder.
    ///
    /// What the file is decides, not its name. `add_bos_token` and `add_eos_token` of a `tokenizer_config.json` beside
    /// it say whether BOS and EOS are added by default; for a tokenizer.json, `bos_token` and `eos_token` say which.
    public static func load(path: String) throws -> any Tokenizer {
        let file = try locate(path)
        let bytes = try read(file)
        let settings = try settings(besides: file)
        if bytes.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "{") {
            var tokenizer = try ByteLevelTokenizer(bytes: bytes, name: file)
            if let settings { try tokenizer.apply(settings, name: file) }
            return tokenizer
        }
        var tokenizer = try SentencePieceTokenizer(bytes: bytes, name: file)
        if let settings {
            if tokenizer.beginOfSequence != nil { tokenizer.addsBOSByDefault = settings.addsBOS ?? true }
            if tokenizer.endOfSequence != nil { tokenizer.addsEOSByDefault = settings.addsEOS ?? false }
        }
        return tokenizer
    }

    /// The tokenizer_config.json beside a file, if there is one.
    public static func settings(besides file: String) throws -> TokenizerSettings? {
        let folder = file.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(file[..<$0]) } ?? "."
        let path = folder + "/tokenizer_config.json"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try TokenizerSettings(bytes: read(path), name: path)
    }

    /// The bytes of a file that is not too large to be a vocabulary.
    static func read(_ path: String) throws -> [UInt8] {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        if let size = attributes?[.size] as? Int, size > largest {
            throw TokenizationError(
                .malformed, path, "has \(size) bytes; a vocabulary has at most \(largest)")
        }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TokenizationError(.file, path, "cannot be read; check the path and its permissions")
        }
        return Array(data)
    }

    /// The tokenizer file that a path names: itself, or one of ``names`` in the folder.
    public static func locate(_ path: String) throws -> String {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw TokenizationError(.file, path, "does not exist; name a tokenizer.model or a folder that has one")
        }
        guard isFolder else { return path }
        for name in names where FileManager.default.fileExists(atPath: path + "/" + name) { return path + "/" + name }
        throw TokenizationError(.file, path, "has neither \(names.joined(separator: " nor ")); put one there")
    }
}
