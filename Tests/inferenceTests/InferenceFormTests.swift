// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

@Suite("inference run holds answers to forms and tells log-probabilities", .timeLimit(.minutes(2)))
struct InferenceFormTests {
    private static let schema: JSONValue = [
        "type": "object",
        "properties": [
            "finding": ["type": "string", "maxLength": 12], "severe": ["type": "boolean"],
            "grade": ["enum": ["low", "high"]], "days": ["type": "array", "items": ["type": "integer"], "maxItems": 2],
        ],
        "required": ["severe", "grade", "finding", "days"],
    ]

    @Test func answersAreJSONOfTheSchema() throws {
        let (desk, _) = try InferenceJobTests.desk()
        func request(_ schema: JSONValue, seed: Int64) -> JSONValue {
            [
                "prompt": .string(InferenceJobTests.prompt), "maxTokens": 300, "temperature": 1, "seed": .integer(seed),
                "responseFormat": ["type": "json_schema", "schema": schema],
            ]
        }
        let text: JSONValue = #"{"type":"object","properties":{"b":{"type":"boolean"},"a":{"type":"null"}}}"#
        let results = try InferenceJobTests.generate(
            desk, (0..<4).map { request(Self.schema, seed: $0) } + [request(text, seed: 9)])
        for result in results.prefix(4) {
            #expect(result.finishReason == .endOfSequence)
            let value = try MessageDecoder.parse(Data(result.text.utf8))
            #expect(value["severe"] != nil && value["days"] != nil, "\(result.text)")
            #expect(["low", "high"].contains(value["grade"]?.stringValue))
            // As `required` has them.
            let order = ["severe", "grade", "finding", "days"].compactMap {
                result.text.range(of: "\"\($0)\":")?.lowerBound
            }
            #expect(order.count == 4 && order == order.sorted())
        }
        // As the text has them.
        let last = results[4].text
        let value = try MessageDecoder.parse(Data(last.utf8))
        #expect(value["a"] == JSONValue.null)
        let first = try #require(last.range(of: "\"b\""))
        let second = try #require(last.range(of: "\"a\""))
        #expect(first.lowerBound < second.lowerBound)
    }

    @Test func aFormMayBeAListOfChoices() throws {
        let (desk, _) = try InferenceJobTests.desk()
        let choices: JSONValue = [" yes", " no", " yes, if the fever lasts"]
        func first(_ more: [String: JSONValue]) throws -> GenerationResult {
            let request: [String: JSONValue] = ["prompt": .string(InferenceJobTests.prompt)]
            return try InferenceJobTests.generate(desk, [.object(request.merging(more) { $1 })])[0]
        }
        let answer = try first(["responseFormat": ["type": "choice", "choices": choices]])
        #expect(answer.finishReason == .choice)
        #expect(try first(["choices": choices]) == answer)
    }

    @Test func logprobsOfAnswerAndPromptAgreeWithScores() throws {
        let (desk, ids) = try InferenceJobTests.desk()
        let result = try InferenceJobTests.generate(
            desk,
            [
                [
                    "prompt": .string(InferenceJobTests.prompt), "maxTokens": 6, "ignoreEndOfSequence": true,
                    "logprobs": 3, "promptLogprobs": true,
                ]
            ])[0]
        #expect(result.promptTokens == ids.count + 1)
        let (tops, tokens) = (try #require(result.topLogprobs), try #require(result.tokens))
        #expect(tops.count == 6 && tops.allSatisfy { $0.count == 3 } && tokens.count == 6)
        for (top, id) in zip(tops, result.ids) {
            #expect(top[0].id == id && top.map(\.logprob) == top.map(\.logprob).sorted(by: >))
        }
        #expect(tops.map { $0[0].logprob } == result.logprobs)
        #expect(tops.map { $0[0].text } == tokens)
        let prompt = try #require(result.promptLogprobs)
        #expect(prompt.ids == [1] + ids && prompt.logprobs.first == .some(nil))
        let score = try InferenceJobTests.score(
            desk,
            [["contextIDs": [1], "continuationIDs": InferenceJobTests.list(ids)]])[0]
        #expect(abs(prompt.logprobs.compactMap { $0 }.reduce(0, +) - score.logLikelihood) <= 1e-4)
        let only = try InferenceJobTests.generate(
            desk, [["prompt": .string(InferenceJobTests.prompt), "maxTokens": 0, "promptLogprobs": true]])[0]
        #expect(only.ids.isEmpty && only.promptLogprobs?.logprobs.count == ids.count + 1)
    }

    @Test func messagesAreWrittenByATemplateThatIsTold() throws {
        let (desk, _) = try InferenceJobTests.desk()
        let wrapped = "Human: \n\(InferenceJobTests.prompt)\n\nAssistant: \n"
        let results = try InferenceJobTests.generate(
            desk,
            [
                [
                    "messages": [["role": "user", "content": .string(InferenceJobTests.prompt)]],
                    "chatTemplate": "mellama", "maxTokens": 5, "ignoreEndOfSequence": true,
                ],
                ["prompt": .string(wrapped), "maxTokens": 5, "ignoreEndOfSequence": true],
            ])
        #expect(results[0].chatTemplate == "mellama" && results[1].chatTemplate == nil)
        #expect(results[0].ids == results[1].ids && results[0].promptTokens == results[1].promptTokens)
    }

    @Test func whatCantBeHeldToIsRefusedByName() throws {
        let (desk, _) = try InferenceJobTests.desk()
        let prompt: JSONValue = .string(InferenceBadInputTests.canary)
        func refuse(_ request: [String: JSONValue], _ words: [String]) throws {
            let faults = try desk.faults(
                of: "inference", refusing: .inferGenerate,
                ["model": "base", "requests": [.object(request.merging(["prompt": prompt]) { first, _ in first })]],
                saying: ["requests[0]"] + words, keeping: InferenceBadInputTests.canary)
            #expect(faults == [])
        }
        func format(_ schema: JSONValue) -> [String: JSONValue] {
            ["responseFormat": ["type": "json_schema", "schema": schema]]
        }
        try refuse(format(["type": "string", "pattern": "a+"]), ["responseFormat", "pattern"])
        try refuse(format("{"), ["responseFormat", "no JSON"])
        try refuse(["responseFormat": ["type": "json_schema"]], ["responseFormat.schema"])
        try refuse(["responseFormat": ["type": "choice", "choices": []]], ["choices"])
        try refuse(["choices": [" a"], "responseFormat": ["type": "text"]], ["choices"])
        try refuse(["logprobs": 21], ["logprobs", "21"])
        try refuse(["chatTemplate": "llama3"], ["chatTemplate"])
        try refuse(["maxTokens": 0], ["maxTokens"])
    }
}
