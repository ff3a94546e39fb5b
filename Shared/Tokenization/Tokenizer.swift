// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Text to token ids and back, exactly as the library that made the vocabulary does it.
///
/// Tokenizers are immutable values: any number of threads may use one at once.
public protocol Tokenizer: Sendable {
    /// How many ids there are; valid ids are 0 ..< vocabularySize.
    var vocabularySize: Int { get }
    /// The id that begins a sequence, if the vocabulary has one.
    var beginOfSequence: TokenID? { get }
    /// The id that ends a sequence, if the vocabulary has one.
    var endOfSequence: TokenID? { get }
    /// The id of what the vocabulary cannot spell.
    var unknown: TokenID? { get }
    /// Whether sequences begin with ``beginOfSequence`` when the caller does not say.
    var addsBOSByDefault: Bool { get }
    /// Whether sequences end with ``endOfSequence`` when the caller does not say.
    var addsEOSByDefault: Bool { get }
    /// `sha256:` and the digest of the file that defines the vocabulary.
    var digest: String { get }

    /// Appends the ids of UTF-8 to `ids`, as the library does; nothing is put before or after. Invalid bytes count as
    /// U+FFFD each. In byte-level vocabularies text that spells a control token becomes it.
    func append(utf8: UnsafeBufferPointer<UInt8>, to ids: inout [TokenID])

    /// The same for text that somebody else wrote: what spells a control token stays text.
    func append(untrusted utf8: UnsafeBufferPointer<UInt8>, to ids: inout [TokenID])

    /// The id of the control token that is written so, such as `<|eot_id|>`.
    func id(ofControl text: String) -> TokenID?

    /// Appends the UTF-8 bytes this token stands for inside a text (a leading space included) to `bytes`;
    /// control tokens have none. Bytes of one token may be part of a character.
    func appendBytes(of id: TokenID, to bytes: inout [UInt8])

    /// The text of these ids. Invalid bytes and ids outside the vocabulary become U+FFFD.
    func decode(_ ids: [TokenID]) -> String

    /// A decoder that is given one id at a time.
    func streamingDecoder() -> StreamingDecoder

    /// How the vocabulary writes this token, for people; nil outside the vocabulary.
    func piece(_ id: TokenID) -> String?
}

extension Tokenizer {
    /// The ids of a text, begun with BOS if `addBOS` and the vocabulary has one, never ended with EOS.
    public func encode(_ text: String, addBOS: Bool = false) -> [TokenID] {
        var ids: [TokenID] = []
        if addBOS, let beginOfSequence { ids.append(beginOfSequence) }
        var text = text
        text.withUTF8 { append(utf8: $0, to: &ids) }
        return ids
    }

    /// The ids of UTF-8 bytes, begun with BOS if `addBOS` and the vocabulary has one.
    public func encode(utf8 bytes: [UInt8], addBOS: Bool = false) -> [TokenID] {
        var ids: [TokenID] = []
        if addBOS, let beginOfSequence { ids.append(beginOfSequence) }
        bytes.withUnsafeBufferPointer { append(utf8: $0, to: &ids) }
        return ids
    }

    /// The ids of text that somebody else wrote: what spells a control token stays text. Nothing is put before or after.
    public func encode(untrusted text: String) -> [TokenID] {
        var ids: [TokenID] = []
        var text = text
        text.withUTF8 { append(untrusted: $0, to: &ids) }
        return ids
    }

    /// How many UTF-8 bytes of text this token stands for.
    public func byteCount(of id: TokenID) -> Int {
        var bytes: [UInt8] = []
        appendBytes(of: id, to: &bytes)
        return bytes.count
    }
}
