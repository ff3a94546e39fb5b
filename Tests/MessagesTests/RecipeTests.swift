// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Testing

@Suite("A recipe is checked whole before anything runs")
struct RecipeTests {
    static func text(_ after: [String] = [], payload: JSONValue = ["tokenizer": "t", "texts": []]) -> RecipeStage {
        RecipeStage(kind: .tokenizeText, payload: payload, after: after)
    }

    static func error(_ stages: [String: RecipeStage]) -> MessageError? {
        do {
            try Recipe(name: "r", stages: stages).validate()
            return nil
        } catch {
            return error
        }
    }

    @Test func stagesComeParentsFirst() throws {
        #expect(try Golden.recipe.validate() == ["vocabulary", "ids"])
        #expect(Golden.recipe.parents(of: "ids") == ["vocabulary"])
        let chain = Recipe(
            name: "r", stages: ["a": Self.text(["b"]), "b": Self.text(["c"]), "c": Self.text(), "d": Self.text()])
        #expect(try chain.validate() == ["c", "d", "b", "a"])
    }

    @Test func aCycleIsNamed() throws {
        let error = try #require(Self.error(["a": Self.text(["b"]), "b": Self.text(["a"]), "c": Self.text()]))
        #expect(error.code == .invalidValue)
        #expect(error.description == "stages: a cycle goes through a, b")
        #expect(Self.error(["a": Self.text(["a"])])?.description == "stages: a cycle goes through a")
    }

    @Test func anUnknownStageNamesTheNearest() throws {
        let error = try #require(
            Self.error([
                "vocabulary": Self.text(),
                "ids": Self.text(payload: ["tokenizer": "${vocabulery.tokenizer}", "texts": []]),
            ]))
        #expect(error.code == .unresolvedReference)
        #expect(
            error.description
                == #"stages.ids.payload: ${vocabulery.tokenizer} names an unknown stage; did you mean "vocabulary"?"#)
        #expect(
            Self.error(["a": Self.text(["bb"]), "b": Self.text()])?.description
                == #"stages.a.after: unknown stage "bb"; did you mean "b"?"#)
    }

    @Test func anUnknownOutputFieldNamesTheNearest() throws {
        let train = RecipeStage(kind: .tokenizeTrain, payload: ["sources": ["a"], "vocabularySize": 512])
        let error = try #require(
            Self.error([
                "v": train, "ids": Self.text(payload: ["tokenizer": "${v.tokeniser}", "texts": []]),
            ]))
        #expect(
            error.description
                == #"stages.ids.payload: ${v.tokeniser}: tokenize.train has no output "tokeniser"; "#
                + #"did you mean "tokenizer"?"#)
    }

    @Test func aMisspeltKindNamesTheNearest() throws {
        let error = try #require(Self.error(["a": RecipeStage(kind: "train.tunee", payload: [:])]))
        #expect(error.description == #"stages.a.kind: unknown kind "train.tunee"; did you mean "train.tune"?"#)
    }

    @Test func payloadErrorsTellTheStage() throws {
        let error = try #require(
            Self.error(["a": RecipeStage(kind: .tokenizeTrain, payload: ["sources": [], "vocabularySize": 512])]))
        #expect(error.description == "stages.a.payload.sources: is empty; give at least one")
    }

    @Test func referencesMayStandForAnyType() throws {
        let stages: [String: RecipeStage] = [
            "v": RecipeStage(kind: .tokenizeTrain, payload: ["sources": ["a"], "vocabularySize": 512]),
            "again": RecipeStage(
                kind: .tokenizeTrain, payload: ["sources": ["a"], "vocabularySize": "${v.vocabularySize}"]),
        ]
        #expect(Self.error(stages) == nil)
        // Text that is no reference is still of the wrong type.
        #expect(
            Self.error(["v": RecipeStage(kind: .tokenizeTrain, payload: ["sources": ["a"], "vocabularySize": "x"])])?
                .code == .wrongType)
    }

    @Test("Stage names are plain", arguments: ["a.b", "", "a b", String(repeating: "x", count: 65), "ä"])
    func names(name: String) { #expect(Self.error([name: Self.text()])?.path == "stages") }

    @Test func emptyHugeAndLaterRecipesAreRefused() throws {
        #expect(Self.error([:])?.description == "stages: is empty; give at least one")
        let many = Dictionary(uniqueKeysWithValues: (0...256).map { ("s\($0)", Self.text()) })
        #expect(Self.error(many)?.description == "stages: 257 stages; at most 256")
        #expect(throws: MessageError.self) { try Recipe(version: 2, name: "r", stages: ["a": Self.text()]).validate() }
    }

    @Test func aMisspeltFieldOfAStageNamesTheNearest() throws {
        let json = Data(
            #"{"version":1,"name":"r","stages":{"a":{"kind":"tokenize.text","payload":{},"onfailure":"x"}}}"#.utf8)
        #expect(
            throws: MessageError(
                .unknownField, path: "stages.a", detail: #"unknown field "onfailure"; did you mean "onFailure"?"#)
        ) {
            try MessageDecoder(policy: .strict).decode(Recipe.self, from: MessageDecoder.parse(json))
        }
    }
}
