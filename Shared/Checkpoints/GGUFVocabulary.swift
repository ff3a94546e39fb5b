// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials
import Llama
import Tokenization

/// The vocabulary in a GGUF file, and the tokenizer files of a model folder that say the same.
struct GGUFVocabulary {
    private enum Content {
        case sentencePiece(SentencePieceModel)
        case byteLevel(ByteLevelModel)
    }

    private static let prefix = "tokenizer.ggml."
    /// The kind of a file without a vocabulary; readers want to be told.
    static let none = "no_vocab"
    private let content: Content
    private let settings: TokenizerSettings
    /// The ids that begin and end a sequence.
    let begin: Int?
    let end: Int?

    /// The vocabulary of a file; nil if it has none.
    init?(_ file: GGUFFile) throws {
        let values = GGUFConfiguration.Values(file: file)
        guard let kind = try values.string(Self.prefix + "model"), kind != Self.none else { return nil }
        guard case .strings(let texts)? = file.metadata[Self.prefix + "tokens"] else {
            throw CheckpointError(.malformed, "\(file.path) has a tokenizer without \(Self.prefix)tokens")
        }
        let kinds = try Self.kinds(file, count: texts.count)
        begin = try values.integer(Self.prefix + "bos_token_id")
        end = try values.integer(Self.prefix + "eos_token_id")
        var settings = TokenizerSettings()
        settings.addsBOS = try values.boolean(Self.prefix + "add_bos_token")
        settings.addsEOS = try values.boolean(Self.prefix + "add_eos_token")
        settings.chatTemplate = try values.string("tokenizer.chat_template")
        switch kind {
        case "llama":
            content = .sentencePiece(try Self.sentencePiece(file, values, texts, kinds, begin: begin, end: end))
        case "gpt2":
            content = .byteLevel(try Self.byteLevel(file, values, texts, kinds))
            func text(_ id: Int?) -> String? {
                id.flatMap {
                    texts.indices.contains($0) && kinds[$0] == .control
                        ? String(decoding: texts[$0], as: UTF8.self) : nil
                }
            }
            settings.begin = text(begin)
            settings.end = text(end)
        case let other:
            throw CheckpointError(
                .unsupported, "\(file.path) has a tokenizer of the kind \(other.prefix(32)); llama and gpt2 are read")
        }
        self.settings = settings
    }

    /// The vocabulary of a model folder; nil if it has no tokenizer.
    init?(folder: URL) throws {
        guard let path = try? TokenizerFile.locate(folder.path) else { return nil }
        let tokenizer = try TokenizerFile.load(path: path)
        if let tokenizer = tokenizer as? SentencePieceTokenizer {
            content = .sentencePiece(tokenizer.model)
        } else {
            content = .byteLevel(
                try ByteLevelModel(
                    tokenizerJSON: MappedFile.contents(path: path, largest: TokenizerFile.largest), name: path))
        }
        begin = tokenizer.beginOfSequence.map(Int.init)
        end = tokenizer.endOfSequence.map(Int.init)
        var settings = TokenizerSettings()
        settings.addsBOS = tokenizer.addsBOSByDefault
        settings.addsEOS = tokenizer.addsEOSByDefault
        settings.chatTemplate = try TokenizerFile.settings(besides: path)?.chatTemplate
        self.settings = settings
    }

    /// Writes `tokenizer.model` or `tokenizer.json`, and `tokenizer_config.json`, after checking that they are read.
    func write(to folder: URL) throws {
        let name: String, bytes: [UInt8]
        switch content {
        case .sentencePiece(let model): (name, bytes) = ("tokenizer.model", model.bytes)
        case .byteLevel(let model): (name, bytes) = ("tokenizer.json", model.tokenizerJSON)
        }
        if name == "tokenizer.model" {
            _ = try SentencePieceTokenizer(bytes: bytes, name: "the tokenizer of the GGUF file")
        } else {
            _ = try ByteLevelTokenizer(bytes: bytes, name: "the tokenizer of the GGUF file")
        }
        try PublishedFile.write(bytes, to: folder.appending(path: name).path)
        try PublishedFile.write(settings.bytes, to: folder.appending(path: "tokenizer_config.json").path)
    }

    /// Adds the vocabulary to a file to be written.
    ///
    /// Rows of the embedding beyond the vocabulary get unused tokens, as readers want one for each.
    func add(to writer: inout GGUFWriter, for c: LlamaConfiguration) throws {
        let size = c.vocabularySize
        var texts: [[UInt8]], kinds: [Int], scores: [Float]?
        var rest: [(String, GGUFValue)] = []
        switch content {
        case .sentencePiece(let model):
            texts = model.pieces.map(\.bytes)
            kinds = model.pieces.map(\.kind.rawValue)
            scores = model.pieces.map(\.score)
            writer.add(Self.prefix + "model", .string("llama"))
            rest.append(("add_space_prefix", .boolean(model.addsSpacePrefix)))
            if let unknown = model.pieces.firstIndex(where: { $0.kind == .unknown }) {
                rest.append(("unknown_token_id", .integer(unknown)))
            }
        case .byteLevel(let model):
            texts = model.pieces.map(\.bytes)
            kinds = model.pieces.map(\.kind.rawValue)
            writer.add(Self.prefix + "model", .string("gpt2"))
            rest.append(("pre", .string(model.isLlama3 ? "llama-bpe" : "gpt-2")))
            rest.append(("merges", .strings(model.merges.map { $0[0] + [0x20] + $0[1] })))
        }
        guard texts.count <= size else {
            throw CheckpointError(
                .mismatch, "the tokenizer has \(texts.count) tokens, the model's vocabulary \(size); they do not belong"
            )
        }
        for id in texts.count..<size {
            texts.append(Array("[UNUSED\(id)]".utf8))
            kinds.append(SentencePieceModel.Kind.unused.rawValue)
            scores?.append(-1e9)
        }
        writer.add(Self.prefix + "tokens", .strings(texts))
        if let scores { writer.add(Self.prefix + "scores", .reals(scores)) }
        writer.add(Self.prefix + "token_type", .integers(kinds))
        for (key, value) in rest { writer.add(Self.prefix + key, value) }
        if let adds = settings.addsBOS { writer.add(Self.prefix + "add_bos_token", .boolean(adds)) }
        if let adds = settings.addsEOS { writer.add(Self.prefix + "add_eos_token", .boolean(adds)) }
        if let template = settings.chatTemplate { writer.add("tokenizer.chat_template", .string(template)) }
    }

    private static func kinds(_ file: GGUFFile, count: Int) throws -> [SentencePieceModel.Kind] {
        guard let value = file.metadata[prefix + "token_type"] else { return Array(repeating: .normal, count: count) }
        guard case .integers(let numbers) = value, numbers.count == count else {
            throw CheckpointError(.malformed, "\(file.path): \(prefix)token_type has not one number for every token")
        }
        return try numbers.map { number in
            guard let kind = SentencePieceModel.Kind(rawValue: number) else {
                throw CheckpointError(.malformed, "\(file.path): \(prefix)token_type has the unknown kind \(number)")
            }
            return kind
        }
    }

    private static func sentencePiece(
        _ file: GGUFFile, _ values: GGUFConfiguration.Values, _ texts: [[UInt8]], _ kinds: [SentencePieceModel.Kind],
        begin: Int?, end: Int?
    ) throws -> SentencePieceModel {
        guard case .reals(let scores)? = file.metadata[prefix + "scores"], scores.count == texts.count else {
            throw CheckpointError(.malformed, "\(file.path): \(prefix)scores has not one number for every token")
        }
        var pieces = texts.indices.map {
            SentencePieceModel.Piece(bytes: texts[$0], score: scores[$0], kind: kinds[$0])
        }
        // Rows that fill up the embedding are no pieces.
        while pieces.last?.kind == .unused { pieces.removeLast() }
        func id(_ number: Int?) -> TokenID? { number.flatMap { TokenID(exactly: $0) } }
        return SentencePieceModel(
            pieces: pieces, unknown: id(try values.integer(prefix + "unknown_token_id")), begin: id(begin),
            end: id(end), addsSpacePrefix: try values.boolean(prefix + "add_space_prefix") ?? true)
    }

    private static func byteLevel(
        _ file: GGUFFile, _ values: GGUFConfiguration.Values, _ texts: [[UInt8]], _ kinds: [SentencePieceModel.Kind]
    ) throws -> ByteLevelModel {
        guard case .strings(let merges)? = file.metadata[prefix + "merges"] else {
            throw CheckpointError(.malformed, "\(file.path) has a gpt2 tokenizer without \(prefix)merges")
        }
        let pre = try values.string(prefix + "pre") ?? "none"
        guard ["llama-bpe", "llama3", "llama-v3", "gpt-2"].contains(pre) else {
            throw CheckpointError(
                .unsupported,
                "\(file.path) cuts text as \"\(pre.prefix(32))\" does; llama-bpe (LLaMA-3) and gpt-2 are read")
        }
        let pairs = try merges.map { merge in
            let parts = merge.split(separator: 0x20, omittingEmptySubsequences: false).map(Array.init)
            guard parts.count == 2 else {
                throw CheckpointError(.malformed, "\(file.path): \(prefix)merges has a merge that is not of two pieces")
            }
            return parts
        }
        return ByteLevelModel(
            pieces: zip(texts, kinds).map { ByteLevelModel.Piece(bytes: $0, kind: $1) }, merges: pairs,
            isLlama3: pre != "gpt-2")
    }
}
