// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing

@testable import Tokenization

@Suite("Byte-level tokenizers equal what tokenizers 0.23.3 wrote into our fixtures")
struct ByteLevelFixtureTests {
    static let root = OutsideData.fixtures.appending(path: "tokenization")

    static func tokenizer(_ name: String) throws -> ByteLevelTokenizer {
        try ByteLevelTokenizer(file: root.appending(path: name + "/tokenizer.json").path)
    }

    @Test("LLaMA-3's pattern and file, and GPT-2's", arguments: ["llama3-like", "gpt2-like"])
    func fixtures(name: String) throws {
        try expectEqualRows(Self.root.appending(path: name), Self.tokenizer(name))
    }

    @Test("what begins and ends a sequence")
    func specials() throws {
        let llama = try Self.tokenizer("llama3-like")
        #expect(llama.beginOfSequence == llama.id(ofControl: "<|begin_of_text|>"))
        #expect(llama.endOfSequence == llama.id(ofControl: "<|end_of_text|>"))
        #expect(llama.addsBOSByDefault && !llama.addsEOSByDefault && llama.unknown == nil)
        #expect(llama.id(ofControl: "patient") == nil)
        let gpt = try Self.tokenizer("gpt2-like")
        #expect(gpt.beginOfSequence == gpt.endOfSequence && gpt.beginOfSequence != nil)
        #expect(!gpt.addsBOSByDefault)
        #expect(gpt.id(ofControl: "[new token]") == nil, "added, but not special")
    }

    @Test("invalid bytes are U+FFFD each; text never breaks inside a character")
    func bytes() throws {
        let tokenizer = try Self.tokenizer("llama3-like")
        let bytes: [UInt8] = [0x61, 0xFF, 0xE2, 0x96, 0x62]
        #expect(tokenizer.encode(utf8: bytes) == tokenizer.encode("a\u{FFFD}\u{FFFD}\u{FFFD}b"))
        var decoder = tokenizer.streamingDecoder()
        var parts: [String] = []
        for id in tokenizer.encode("心🫀é") { parts.append(decoder.append(id)) }
        #expect(parts.joined() + decoder.finish() == "心🫀é")
        #expect(parts.contains("") && !parts.contains { $0.contains("\u{FFFD}") })
        // The start of one character, then the start of another: a unit of replacement each.
        for id in tokenizer.encode("心🫀").prefix(2) { _ = decoder.append(id) }
        #expect(tokenizer.decode([-1, 1 << 20]) == "\u{FFFD}\u{FFFD}")
    }

    @Test("many encoders at once agree with one")
    func concurrentEncoding() async throws {
        let tokenizer = try Self.tokenizer("gpt2-like")
        let text = try String(contentsOf: Self.root.appending(path: "corpus.txt"), encoding: .utf8)
        let expected = tokenizer.encode(text)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 { group.addTask { (0..<8).allSatisfy { _ in tokenizer.encode(text) == expected } } }
            for await isEqual in group { #expect(isEqual) }
        }
    }

    @Test("settings beside the file say which tokens begin and end")
    func settings() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tokenizer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let source = Self.root.appending(path: "llama3-like/tokenizer.json")
        try FileManager.default.copyItem(at: source, to: folder.appending(path: "tokenizer.json"))
        func load(_ settings: String) throws -> any Tokenizer {
            try Data(settings.utf8).write(to: folder.appending(path: "tokenizer_config.json"))
            return try TokenizerFile.load(path: folder.path)
        }
        let tokenizer = try load(
            #"{"bos_token": {"content": "<|begin_of_text|>"}, "eos_token": "<|eot_id|>", "add_bos_token": false}"#)
        #expect(tokenizer.endOfSequence == tokenizer.id(ofControl: "<|eot_id|>"))
        #expect(!tokenizer.addsBOSByDefault && tokenizer.beginOfSequence != nil)
        #expect(try load(#"{"bos_token": null, "chat_template": [{"name": "a", "template": "b"}]}"#).addsBOSByDefault)
        for wrong in [#"{"eos_token": "<|nowhere|>"}"#, "{", #"{"add_bos_token": 1}"#] {
            #expect(throws: TokenizationError.self) { try load(wrong) }
        }
    }

    @Test("what would be encoded wrongly is refused by name")
    func unsupported() throws {
        let good = try String(contentsOf: Self.root.appending(path: "llama3-like/tokenizer.json"), encoding: .utf8)
        func refusal(_ old: String, _ new: String) -> String {
            let text = good.replacing(old, with: new)
            #expect(text != good, "\(old) is in the file")
            let error = #expect(throws: TokenizationError.self) { try ByteLevelTokenizer(bytes: Array(text.utf8)) }
            return error.map { "\($0.code) \($0.detail)" } ?? ""
        }
        #expect(refusal(#""normalizer":null"#, #""normalizer":{"type":"NFC"}"#).contains("normalizer NFC"))
        #expect(refusal(#""type":"BPE""#, #""type":"Unigram""#).contains("model of type Unigram"))
        #expect(refusal(#""byte_fallback":false"#, #""byte_fallback":true"#).contains("byte_fallback"))
        #expect(refusal(#""dropout":null"#, #""dropout":0.1"#).contains("dropout"))
        #expect(refusal(#"\\p{N}{1,3}"#, #"\\p{N}"#).contains("splitting pattern"))
        #expect(refusal(#""behavior":"Isolated""#, #""behavior":"Removed""#).contains("splitting pattern"))
        #expect(refusal(#""type":"Split""#, #""type":"Metaspace""#).contains("pre_tokenizer Metaspace"))
        #expect(refusal(#""rstrip":false"#, #""rstrip":true"#).contains("rstrip"))
        #expect(refusal(#""decoder":{"type":"ByteLevel""#, #""decoder":{"type":"Fuse""#).contains("decoder Fuse"))
        #expect(refusal(#""type":"TemplateProcessing""#, #""type":"BertProcessing""#).contains("BertProcessing"))
        #expect(refusal(#""Ā":"#, #""ĀĀĀĀ":"#).contains("byte 0"))
        #expect(refusal(#""merges":[["#, #""merges":[["zzzz","q"],["#).contains("merge 0"))
        #expect(refusal(#""a":"#, #""b":"#).contains("twice"))
        #expect(refusal(#"{"id":421"#, #"{"id":2100000"#).contains("far beyond"))
        #expect(throws: TokenizationError.self) { try ByteLevelTokenizer(bytes: Array("{}".utf8)) }
    }
}
