// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Generation

@Suite("Answers held to a schema are JSON of that form, whatever the model would rather write")
struct TokenGrammarTests {
    /// Every byte, and some tokens of several.
    static let tokens: [[UInt8]] =
        [[], [], []] + (0...255).map { [UInt8($0)] }
        + [
            "{\"", "\":", "\": ", "\",\"", " {\"", "true", "fals", "null", "drug", "dose\":", "xyz", "12", "0.", "}}",
            "\"}", "\\u00", "é",
            " the", "[\"", "\"]", "],", "\\n", "ab\"", "a\",", "or ", "iv\"", "oral", "\"iv", "患", "{}",
        ].map { Array($0.utf8) }

    static let vocabulary = VocabularyBytes(vocabularySize: tokens.count) { $1 += tokens[Int($0)] }

    private struct BytesText: TextStream {
        var bytes: [UInt8] = []
        mutating func append(_ id: Int32) -> String {
            bytes += TokenGrammarTests.tokens[Int(id)]
            return ""
        }
        mutating func finish() -> String { String(validating: bytes, as: UTF8.self) ?? "not UTF-8" }
    }

    private static func grammar(_ text: String) throws -> TokenGrammar {
        try TokenGrammar(JSONSchemaTests.schema(text), vocabulary: vocabulary)
    }

    @Test("Whatever is drawn is a whole text of the form", arguments: 0..<40)
    func drawn(seed: UInt64) throws {
        let model = ScriptedModel.scrambling(vocabularySize: Self.tokens.count, contextLength: 4096, end: [2])
        let grammar = try Self.grammar(JSONSchemaTests.note)
        let request = GenerationRequest(
            promptIDs: [Int32(seed) + 5],
            parameters: .init(maxTokens: 2000, temperature: seed % 2 == 0 ? 0 : 1.5, seed: seed), grammar: grammar)
        let result = try Generator(model: model) { BytesText() }.run([request])[0]
        #expect(result.finishReason == .endOfSequence)
        let value = try JSONSerialization.jsonObject(with: Data(result.text.utf8)) as? [String: Any]
        let object = try #require(value, "\(result.text)")
        #expect(object.keys.sorted() == ["by", "codes", "dose", "drug", "empty", "given", "none", "route", "times"])
        let drug = try #require(object["drug"] as? String)
        #expect((1...8).contains(drug.unicodeScalars.count))
        #expect((object["codes"] as? [String])?.isEmpty == false && object["dose"] is NSNumber)
        #expect(!result.ids.contains(2))
    }

    @Test("A mask allows a token exactly where its bytes may be written", arguments: 0..<6)
    func masks(seed: UInt64) throws {
        var random = TestRandom(seed + 11)
        let grammar = try Self.grammar(JSONSchemaTests.note)
        var state = SchemaState(grammar.schema)
        for _ in 0..<120 where !state.isFinished {
            let mask = grammar.mask(at: state)
            var allowed: [Int32] = []
            for id in Self.tokens.indices {
                var other = state
                let isAllowed =
                    !Self.tokens[id].isEmpty && Self.tokens[id].allSatisfy { other.take($0, grammar.schema) }
                #expect(mask.contains(Int32(id)) == isAllowed, "token \(id)")
                if isAllowed { allowed.append(Int32(id)) }
            }
            #expect(mask.count == allowed.count)
            let id = try #require(allowed.randomElement(using: &random))
            for byte in Self.tokens[Int(id)] { _ = state.take(byte, grammar.schema) }
        }
    }

    @Test("At the root the answer may end where it is whole, if the model wants to")
    func ends() throws {
        let grammar = try Self.grammar(#"{"enum": ["a", "b", 1, 12]}"#)
        func answer(_ wanted: [Int32]) throws -> GenerationResult {
            let model = ScriptedModel(vocabularySize: Self.tokens.count, contextLength: 64, end: [2]) { ids in
                var logits = [Float](repeating: 0, count: Self.tokens.count)
                if ids.count <= wanted.count { logits[Int(wanted[ids.count - 1])] = 9 }
                return logits
            }
            return try Generator(model: model) { BytesText() }.run([GenerationRequest(promptIDs: [9], grammar: grammar)]
            )[0]
        }
        func byte(_ text: String) -> Int32 { Int32(text.utf8.first ?? 0) + 3 }
        #expect(try answer([byte("1"), 2]).text == "1")
        #expect(try answer([byte("1"), byte("2")]).text == "12")
        #expect(try answer([byte("\""), byte("b"), byte("\"")]).text == "\"b\"")
        #expect(try answer([byte("1"), 2]).ids.count == 1)
    }

    @Test("A vocabulary that can't write the form is refused")
    func unwritable() throws {
        let few = VocabularyBytes(vocabularySize: 3) { $1.append(UInt8($0) + 97) }
        #expect(throws: GenerationError.self) {
            try TokenGrammar(JSONSchemaTests.schema(#"{"type":"null"}"#), vocabulary: few)
        }
    }
}
