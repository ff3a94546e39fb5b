// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Testing

@testable import mellama

@Suite("Recipe files are read with the environment put in, and mistakes named by their place")
struct RecipeFileTests {
    static let recipe = """
        version: 1
        name: ${NAME}
        stages:
          vocabulary:
            kind: tokenize.train
            payload:
              sources: ["${DATA}/a/*.jsonl", local/b.txt]
              vocabularySize: ${SIZE}
          ids: {kind: tokenize.text, payload: {tokenizer: "${vocabulary.tokenizer}", texts: [yes, "1", "${NAME}"]}}
        """
    static let environment = ["NAME": "first", "DATA": "/data", "SIZE": "512"]

    @Test("Variables are put in, stage outputs stay, numbers keep their type")
    func substitutes() throws {
        let file = try RecipeFile(text: Self.recipe, folder: "/recipes", environment: Self.environment)
        #expect(file.recipe.name == "first")
        let vocabulary = try #require(file.recipe.stages["vocabulary"]?.payload)
        #expect(vocabulary["sources"] == ["/data/a/*.jsonl", "local/b.txt"])
        #expect(vocabulary["vocabularySize"] == 512)
        let ids = try #require(file.recipe.stages["ids"]?.payload)
        #expect(ids["tokenizer"] == "${vocabulary.tokenizer}")
        #expect(ids["texts"] == ["yes", "1", "first"])
    }

    @Test("A variable that is not set is named, with the field that needs it")
    func missingVariable() {
        #expect {
            try RecipeFile(text: Self.recipe, folder: "/", environment: ["NAME": "x", "SIZE": "512", "DATE": "y"])
        } throws: { error in
            let text = "\(error)"
            return text.contains("stages.vocabulary.payload.sources[0]") && text.contains("${DATA} is not set")
                && text.contains("${DATE}")
        }
    }

    @Test(
        "References are told apart",
        arguments: [
            ("${A}", "1"), ("x${A}y${A}", "x1y1"), ("${a.b}", "${a.b}"), ("${A", "${A"), ("$A", "$A"), ("${}", "${}"),
            ("${1}", "${1}"), ("${a-b}", "${a-b}"), ("$${A}", "$1"), ("${a.b}${A}", "${a.b}1"),
        ])
    func references(_ text: String, _ expected: String) throws {
        #expect(try EnvironmentReference.resolve(text, ["A": "1"]) == expected)
    }

    @Test("A JSON recipe is the same recipe")
    func json() throws {
        let text = """
            {"version": 1, "name": "${NAME}", "stages": {"ids": {"kind": "tokenize.text", "payload":
             {"tokenizer": "t", "texts": ["${NAME}"]}}}}
            """
        let file = try RecipeFile(text: text, isJSON: true, folder: "/", environment: ["NAME": "n"])
        #expect(file.recipe.name == "n")
        #expect(file.recipe.stages["ids"]?.payload["texts"] == ["n"])
    }

    @Test("Mistakes are told by field before anything is sent")
    func mistakes() {
        for (text, hint) in [
            ("version: 1\nname: x\nstages: {a: {kind: tokenize.txt, payload: {}}}", "did you mean \"tokenize.text\"?"),
            ("version: 1\nname: x\nstage: {}", "did you mean \"stages\"?"),
            ("version: 2\nname: x\nstages: {}", "version 2 is not known"),
            (
                "version: 1\nname: x\nstages: {a: {kind: tokenize.text, payload: {tokenizer: t}}}",
                "\"texts\" is missing"
            ),
            ("version: [1", "not valid YAML, line"),
        ] {
            #expect { try RecipeFile(text: text, folder: "/", environment: [:]) } throws: { "\($0)".contains(hint) }
        }
    }
}
