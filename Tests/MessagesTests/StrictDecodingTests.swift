// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Testing

@Suite("What people write is decoded strictly, with the place and the remedy in the error")
struct StrictDecodingTests {
    static func error(_ json: String) -> MessageError? {
        do {
            let value = try MessageDecoder.parse(Data(json.utf8))
            try MessageDecoder(policy: .strict).decode(JobMessage.self, from: value).validate()
            return nil
        } catch {
            return error
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let json: String
        let code: MessageError.Code
        let text: String
        var testDescription: String { text }
        init(_ json: String, _ code: MessageError.Code, _ text: String) {
            self.json = json
            self.code = code
            self.text = text
        }
    }

    static let score = #"{"kind": "infer.score", "payload": {"model": "m", "requests": [%]}}"#

    @Test(arguments: [
        Case("{", .malformedJSON, "the body is not valid JSON; check it with a JSON linter"),
        Case(
            #"{"kind": "tokenize.txt", "payload": {}}"#, .unknownKind,
            #"kind: unknown kind "tokenize.txt"; did you mean "tokenize.text"?"#),
        Case(
            #"{"kind": "tokenize.text", "version": 2, "payload": {}}"#, .unsupportedVersion,
            "version: version 2 is not served here; this version writes 1"),
        Case(#"{"payload": {}}"#, .missingField, #"the field "kind" is missing"#),
        Case(
            #"{"knd": "tokenize.text", "payload": {}}"#, .unknownField, #"unknown field "knd"; did you mean "kind"?"#),
        Case(
            #"{"kind": "tokenize.text", "payload": {"tokenizer": "t", "text": ["a"]}}"#, .unknownField,
            #"payload: unknown field "text"; did you mean "texts"?"#),
        Case(
            #"{"kind": "tokenize.text", "payload": {"tokenizer": "t"}}"#, .missingField,
            #"payload: the field "texts" is missing"#),
        Case(
            #"{"kind": "tokenize.text", "payload": {"tokenizer": "t", "texts": ["a", 7]}}"#, .wrongType,
            "payload.texts[1]: expected a string, found an integer"),
        Case(
            #"{"kind": "tokenize.text", "payload": {"tokenizer": "t", "texts": "a"}}"#, .wrongType,
            "payload.texts: expected an array, found a string"),
        Case(
            #"{"kind": "tokenize.text", "payload": {"tokenizer": "", "texts": []}}"#, .invalidValue,
            "payload.tokenizer: is empty; name an artifact (sha256:…) or a path"),
        Case(
            #"{"kind": "tokenize.text", "payload": {"tokenizer": "${a.tokenizer}", "texts": []}}"#,
            .unresolvedReference,
            "payload: ${a.tokenizer} names a stage, and a single job has none; name an artifact or a path"),
        Case(
            #"{"kind": "tokenize.text", "payload": {"tokenizer": "t", "texts": [], "output": 1}}"#, .wrongType,
            "payload.output: expected a path (a string), found an integer"),
        Case(
            #"{"kind": "train.tune", "payload": {"model": "m", "tokens": "t", "recipe": {"learningrate": 1}}}"#,
            .unknownField, #"payload.recipe: unknown field "learningrate"; did you mean "learningRate"?"#),
        Case(
            #"{"kind": "train.tune", "payload": {"model": "m", "tokens": "t", "recipe": {"learningRate": 20}}}"#,
            .invalidValue,
            "payload.recipe.learningRate: 20.0 is out of bounds; give a value above 0 and at most 10"),
        Case(
            #"{"kind": "train.tune", "payload": {"model": "m"}}"#, .invalidValue,
            #"payload.dataset: give exactly one of "dataset" and "tokens""#),
        Case(
            #"{"kind": "train.tune", "payload": {"model": 3, "tokens": "t"}}"#, .wrongType,
            #"payload.model: expected a model: an artifact, a path, or {"configuration": {…}, "seed": 1}"#),
        Case(
            #"{"kind": "train.tune", "payload": {"model": "m", "tokens": "t", "recipe": {"lora": {"targets": ["q"]}}}}"#,
            .invalidValue,
            #"payload.recipe.lora.targets: unknown projection "q"; known: down_proj, gate_proj, k_proj, o_proj, "#
                + "q_proj, up_proj, v_proj"),
        Case(
            score.replacingOccurrences(of: "%", with: #"{"context": "a", "continuationIDs": [1]}"#), .invalidValue,
            #"payload.requests[0]: give "context" and "continuation", or "contextIDs" and "continuationIDs""#),
        Case(
            score.replacingOccurrences(of: "%", with: #"{"contextIDs": [3000000000], "continuationIDs": [1]}"#),
            .wrongType, "payload.requests[0].contextIDs[0]: expected a 32-bit integer, found an integer"),
    ])
    func refuses(_ example: Case) throws {
        let error = try #require(Self.error(example.json))
        #expect(error.code == example.code)
        #expect(error.description == example.text)
    }

    @Test("What may be a sentence of a document is in no error, not even where it stands for a name")
    func textsAreNotQuoted() throws {
        let text = "patient Weber has fever"
        for json in [
            #"{"kind": "tokenize.text", "payload": {"tokenizer": "t", "texts": [], "%": 1}}"#,
            #"{"kind": "tokenize.corpus", "payload": {"mix": {"%": 1}}}"#,
            #"{"kind": "tokenize.corpus", "payload": {"mix": {"%": {"a": [1]}}}}"#,
            #"{"kind": "tokenize.text", "payload": {"tokenizer": "t", "texts": {"%": "%"}}}"#,
            #"{"kind": "tokenize.text", "payload": {"tokenizer": {"%": "%"}, "texts": "${%.%}"}}"#,
        ] {
            let error = try #require(Self.error(json.replacingOccurrences(of: "%", with: text)))
            #expect(!error.description.contains("Weber"), "\(error)")
        }
    }

    @Test func aMisspeltFieldIsNamedEvenWhereAnotherIsMissing() throws {
        // The decoder stops at "model", before it could ask for "requests".
        let error = try #require(
            Self.error(#"{"kind": "infer.score", "payload": {"requsts": []}}"#))
        #expect(
            error.description
                == #"payload: unknown field "requsts"; and the field "model" is missing"#)
    }

    @Test func unknownFieldsInsideListsAreFound() throws {
        let error = try #require(
            Self.error(
                Self.score.replacingOccurrences(of: "%", with: #"{"context": "a", "continuation": "b", "x": 1}"#)))
        #expect(error.code == .unknownField)
        #expect(error.path == "payload.requests[0]")
    }

    @Test func errorsNeverQuoteValues() throws {
        let secret = "Mrs Example of 7 Long Road has a fever"
        for json in [
            #"{"kind": "tokenize.text", "payload": {"tokenizer": "t", "texts": "\#(secret)"}}"#,
            #"{"kind": "tokenize.text", "payload": {"tokenizer": "t", "texts": {"x": "\#(secret)"}}}"#,
            #"{"kind": "infer.score", "payload": {"model": ["\#(secret)"], "requests": []}}"#,
            #"{"kind": "tokenize.text", "payload": "\#(secret)"}"#,
            #"{"kind": "tokenize.text", "payload": {"texts": ["\#(secret)"}"#,
        ] {
            let error = try #require(Self.error(json))
            #expect(!error.description.contains("Example") && !error.description.contains("fever"))
        }
    }

    @Test func aLongFieldNameIsCutAndComparedCheaply() throws {
        let name = String(repeating: "x", count: 1_000_000)
        let error = try #require(
            Self.error(#"{"kind": "tokenize.text", "payload": {"tokenizer": "t", "texts": [], "\#(name)": 1}}"#))
        #expect(error.code == .unknownField)
        #expect(error.description.utf8.count < 300)
    }
}
