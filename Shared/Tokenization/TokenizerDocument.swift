// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a tokenizer.json says, as far as byte-level BPE needs it; anything else in it is refused by name.
struct TokenizerDocument {
    /// An entry of `added_tokens`.
    struct AddedToken {
        var id = -1
        var content: [UInt8] = []
        var isSpecial = false
        /// Whether it is looked for after those that are not.
        var isNormalized = false
    }

    /// Ids are below this.
    static let idLimit = 1 << 22
    static let mostMerges = 1 << 23

    private(set) var vocabulary = PieceTable(minimumCapacity: 1 << 10)
    /// The pieces of each merge as entries of ``vocabulary``, best first: left, right, and what they make.
    private(set) var merges: [(left: Int32, right: Int32, result: Int32)] = []
    private(set) var ignoresMerges = false
    private(set) var addedTokens: [AddedToken] = []
    private(set) var pattern = SplitPattern.gpt2
    /// What the post-processor puts before and after a text, as written.
    private(set) var template: (before: [[UInt8]], after: [[UInt8]]) = ([], [])
    /// The pieces of each merge as they are written.
    private(set) var mergePieces: [[[UInt8]]] = []
    private let name: String

    init(bytes: [UInt8], name: String) throws {
        self.name = name
        var scanner = JSONScanner(bytes, name: name)
        var seen: Set<[UInt8]> = []
        try scanner.object { scanner, key in
            guard seen.insert(key).inserted else { throw scanner.error("a key comes twice") }
            switch String(decoding: key, as: UTF8.self) {
            case "model": try readModel(&scanner)
            case "added_tokens": try scanner.array { addedTokens.append(try readAddedToken(&$0)) }
            case "normalizer":
                if let type = try Component(&scanner)?.type { throw unsupported("the normalizer \(type)", "none") }
            case "pre_tokenizer": try readPreTokenizer(Component(&scanner))
            case "decoder":
                let type = try Component(&scanner)?.type ?? "null"
                guard type == "ByteLevel" else { throw unsupported("the decoder \(type)", "ByteLevel") }
            case "post_processor": try readPostProcessor(Component(&scanner))
            default: try scanner.skip()
            }
        }
        try scanner.end()
        for key in ["model", "pre_tokenizer", "decoder"] where !seen.contains(Array(key.utf8)) {
            throw TokenizationError(
                .unsupported, name, "has no \(key); byte-level BPE with its pre_tokenizer and decoder can be used")
        }
        try resolveMerges()
    }

    private func unsupported(_ what: String, _ known: String) -> TokenizationError {
        TokenizationError(
            .unsupported, name,
            "uses \(what); byte-level BPE is read, with \(known) there (LLaMA-2 and Mistral: give tokenizer.model)")
    }

    private mutating func readModel(_ scanner: inout JSONScanner) throws {
        var type = "BPE"
        try scanner.object { scanner, key in
            switch String(decoding: key, as: UTF8.self) {
            case "type": type = String(decoding: try scanner.string(), as: UTF8.self)
            case "vocab":
                guard type == "BPE", scanner.peek() == UInt8(ascii: "{") else {
                    throw unsupported("a model of type \(type.prefix(40))", "BPE")
                }
                try scanner.object { scanner, piece in
                    let id = try scanner.integer()
                    guard (0..<Self.idLimit).contains(id) else { throw scanner.error("\(id) is no token id") }
                    guard vocabulary.insert(piece, Int32(id)) == nil else {
                        throw scanner.error("a piece comes twice in vocab")
                    }
                }
            case "merges": try scanner.array { mergePieces.append(try readMerge(&$0)) }
            case "ignore_merges": ignoresMerges = try scanner.boolean()
            case "byte_fallback":
                if try scanner.boolean() { throw unsupported("byte_fallback", "every byte a piece") }
            case "dropout":
                if !scanner.takeNull() { throw unsupported("dropout", "none") }
            case "continuing_subword_prefix", "end_of_word_suffix":
                if try scanner.optionalString()?.isEmpty == false {
                    throw unsupported("a subword prefix or suffix", "none")
                }
            default: try scanner.skip()
            }
        }
        guard type == "BPE" else { throw unsupported("a model of type \(type.prefix(40))", "BPE") }
    }

    /// Either `["a", "b"]` or, in older files, `"a b"`.
    private func readMerge(_ scanner: inout JSONScanner) throws -> [[UInt8]] {
        guard mergePieces.count < Self.mostMerges else { throw scanner.error("more than \(Self.mostMerges) merges") }
        var parts: [[UInt8]] = []
        if scanner.peek() == UInt8(ascii: "[") {
            try scanner.array { parts.append(try $0.string()) }
        } else {
            parts = try scanner.string().split(separator: 0x20, omittingEmptySubsequences: false).map(Array.init)
        }
        guard parts.count == 2 else { throw scanner.error("a merge is not of two pieces") }
        return parts
    }

    private mutating func resolveMerges() throws {
        merges.reserveCapacity(mergePieces.count)
        for (number, pieces) in mergePieces.enumerated() {
            let merge = (
                left: vocabulary.find(pieces[0]), right: vocabulary.find(pieces[1]),
                result: vocabulary.find(pieces[0] + pieces[1])
            )
            guard merge.left >= 0, merge.right >= 0, merge.result >= 0 else {
                throw TokenizationError(
                    .malformed, name, "merge \(number) is of pieces that vocab lacks, or makes one it lacks")
            }
            merges.append(merge)
        }
    }

    private func readAddedToken(_ scanner: inout JSONScanner) throws -> AddedToken {
        var token = AddedToken()
        try scanner.object { scanner, key in
            switch String(decoding: key, as: UTF8.self) {
            case "id": token.id = try scanner.integer()
            case "content": token.content = try scanner.string()
            case "special": token.isSpecial = try scanner.boolean()
            case "normalized": token.isNormalized = try scanner.boolean()
            case "single_word", "lstrip", "rstrip":
                if try scanner.boolean() {
                    throw unsupported("an added token with \(String(decoding: key, as: UTF8.self))", "none")
                }
            default: try scanner.skip()
            }
        }
        guard (0..<Self.idLimit).contains(token.id), !token.content.isEmpty else {
            throw scanner.error("an added token without an id or content")
        }
        return token
    }

    private mutating func readPreTokenizer(_ component: Component?) throws {
        let known = "LLaMA-3's or GPT-2's splitting pattern and ByteLevel"
        guard let component else { throw unsupported("no pre_tokenizer", known) }
        let parts = component.type == "Sequence" ? component.parts : [component]
        var found: SplitPattern?
        for (place, part) in parts.enumerated() {
            switch part.type {
            case "Split":
                guard place == 0, parts.count == 2, !part.inverts, part.behavior == "Isolated",
                    let expression = part.expression,
                    let pattern = SplitPattern.allCases.first(where: { Array($0.expression.utf8) == expression })
                else { throw unsupported("a splitting pattern of its own", known) }
                found = pattern
            case "ByteLevel":
                guard place == parts.count - 1, !part.addsPrefixSpace, part.usesExpression == (found == nil) else {
                    throw unsupported("ByteLevel with other settings", known)
                }
                found = found ?? .gpt2
            default: throw unsupported("the pre_tokenizer \(part.type)", known)
            }
        }
        guard let found, parts.last?.type == "ByteLevel" else { throw unsupported("a pre_tokenizer of its own", known) }
        pattern = found
    }

    private mutating func readPostProcessor(_ component: Component?) throws {
        guard let component else { return }
        for part in component.type == "Sequence" ? component.parts : [component] {
            switch part.type {
            case "ByteLevel": break
            case "TemplateProcessing": template = (part.before, part.after)
            default: throw unsupported("the post_processor \(part.type)", "TemplateProcessing or ByteLevel")
            }
        }
    }
}
