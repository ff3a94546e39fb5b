// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

@Suite("inference run generates and scores", .timeLimit(.minutes(2)))
struct InferenceJobTests {
    static let prompt = "the nurse measures the fever"

    /// A desk with the tiny language's models, and the ids of the prompt without any special one.
    static func desk() throws -> (desk: ServiceDesk, ids: [Int32]) {
        let language = try TinyLanguage.shared()
        let desk = try ServiceDesk()
        for name in ["base", "adapter", "merged"] { try desk.copy(language[name], to: name) }
        let ids = try desk.output(
            "tokenizer", .tokenizeText, of: TokenizeText.self, ["tokenizer": "base", "texts": [.string(prompt)]]
        ).ids[0]
        return (desk, ids)
    }

    static func list(_ ids: [Int32]) -> JSONValue { .array(ids.map { .integer(Int64($0)) }) }

    static func generate(
        _ desk: ServiceDesk, _ requests: [JSONValue], model: JSONValue = "base", _ more: [String: JSONValue] = [:]
    ) throws -> [GenerationResult] {
        let payload: [String: JSONValue] = ["model": model, "requests": .array(requests)]
        return try desk.output(
            "inference", .inferGenerate, of: GenerateText.self, .object(payload.merging(more) { $1 })
        ).results
    }

    static func score(
        _ desk: ServiceDesk, _ requests: [JSONValue], model: JSONValue = "base", _ more: [String: JSONValue] = [:]
    ) throws -> [ScoreText.Score] {
        let payload: [String: JSONValue] = ["model": model, "requests": .array(requests)]
        return try desk.output(
            "inference", .inferScore, of: ScoreText.self, .object(payload.merging(more) { $1 })
        ).results
    }

    @Test func textAndIDsGiveOneAnswer() throws {
        let (desk, ids) = try Self.desk()
        let results = try Self.generate(
            desk,
            [
                ["prompt": .string(Self.prompt), "maxTokens": 12, "ignoreEndOfSequence": true],
                ["promptIDs": Self.list([1] + ids), "maxTokens": 12, "ignoreEndOfSequence": true],
                ["prompt": .string(Self.prompt), "maxTokens": 3, "choices": [" yes", " no", " maybe"]],
                ["prompt": .string(Self.prompt), "maxTokens": 12, "temperature": 1, "seed": 7],
                ["prompt": .string(Self.prompt), "maxTokens": 12, "temperature": 1, "seed": 7],
            ])
        #expect(results.count == 5)
        #expect(results[0] == results[1])
        #expect(results[0].ids.count == 12 && results[0].finishReason == .length)
        #expect(results[0].logprobs?.count == 12 && results[0].logprobs?.allSatisfy { $0 <= 0 } == true)
        #expect([" yes", " no", " maybe"].contains(results[2].text) && results[2].finishReason == .choice)
        #expect(results[3] == results[4] && results[3].ids != results[0].ids)
        // A greedy answer scores as greedy, and as likely as its log-probabilities say.
        let scores = try Self.score(
            desk, [["contextIDs": Self.list([1] + ids), "continuationIDs": Self.list(results[0].ids)]])
        #expect(scores[0].isGreedy && scores[0].tokenCount == 12)
        #expect(abs(scores[0].logLikelihood - (results[0].logprobs ?? []).reduce(0, +)) < 1e-4)
    }

    @Test func aChoiceIsTheLikeliestWhereTheyAreOneTokenEach() throws {
        let (desk, _) = try Self.desk()
        let choices = [" a", " t", " o"]
        let answer = try Self.generate(
            desk, [["prompt": .string(Self.prompt), "choices": .array(choices.map { .string($0) })]])[0]
        let scores = try Self.score(
            desk, choices.map { ["context": .string(Self.prompt), "continuation": .string($0)] })
        guard scores.allSatisfy({ $0.tokenCount == scores[0].tokenCount }) else { return }
        let best = try #require(zip(choices, scores).max { $0.1.logLikelihood < $1.1.logLikelihood })
        #expect(answer.text == best.0)
    }

    @Test func theBeginningIsAddedToTextAsTheTokenizerSays() throws {
        let (desk, ids) = try Self.desk()
        func first(_ more: [String: JSONValue] = [:], prompt: JSONValue? = nil) throws -> GenerationResult {
            let request: JSONValue =
                prompt.map { ["promptIDs": $0, "maxTokens": 4, "ignoreEndOfSequence": true] }
                ?? ["prompt": .string(Self.prompt), "maxTokens": 4, "ignoreEndOfSequence": true]
            return try Self.generate(desk, [request], more)[0]
        }
        let (with, without) = (try first(prompt: Self.list([1] + ids)), try first(prompt: Self.list(ids)))
        #expect(with.logprobs != without.logprobs)
        #expect(try first() == with)
        #expect(try first(["addBOS": true]) == with)
        #expect(try first(["addBOS": false]) == without)
        // Never to ids.
        #expect(try first(["addBOS": true], prompt: Self.list(ids)) == without)
        // Likewise where a continuation is scored.
        let request: JSONValue = ["context": .string(Self.prompt), "continuation": " again"]
        let told = try Self.score(desk, [request], ["addBOS": true])
        let bare = try Self.score(desk, [request], ["addBOS": false])
        #expect(try Self.score(desk, [request]) == told && told != bare)
        // And as its settings say, where they do.
        try desk.write("base/tokenizer_config.json", #"{"add_bos_token": false}"#)
        #expect(try first() == without)
        #expect(try Self.score(desk, [request]) == bare)
        #expect(try first(["addBOS": true]) == with)
    }

    @Test func aModelWithoutATokenizerServesIDs() throws {
        let (desk, ids) = try Self.desk()
        let request: JSONValue = ["promptIDs": Self.list(ids), "maxTokens": 5, "ignoreEndOfSequence": true]
        let expected = try Self.generate(desk, [request])[0]
        try FileManager.default.removeItem(at: desk.folder.appending(path: "base/tokenizer.model"))
        let found = try Self.generate(desk, [request])[0]
        #expect(found.ids == expected.ids && found.text.isEmpty && !expected.text.isEmpty)
        let requests: [(JobKind, JSONValue)] = [
            (.inferGenerate, ["prompt": .string(Self.prompt)]),
            (.inferGenerate, ["promptIDs": [1], "choices": [" yes", " no"]]),
            (.inferScore, ["context": .string(Self.prompt), "continuation": " yes"]),
        ]
        for (kind, request) in requests {
            let faults = try desk.faults(
                of: "inference", refusing: kind, ["model": "base", "requests": [request]],
                saying: ["payload.requests[0]", "no tokenizer.model", "promptIDs"], keeping: Self.prompt)
            #expect(faults == [])
        }
    }

    @Test func anAdapterAnswersAsTheMergedModelDoes() throws {
        let (desk, ids) = try Self.desk()
        let request: JSONValue = ["promptIDs": Self.list([1] + ids), "maxTokens": 24, "ignoreEndOfSequence": true]
        let adapted = try Self.generate(desk, [request], ["adapter": "adapter"])[0]
        let merged = try Self.generate(desk, [request], model: "merged")[0]
        let base = try Self.generate(desk, [request])[0]
        #expect(adapted.ids == merged.ids && adapted.logprobs != base.logprobs)
        let pair: JSONValue = ["context": .string(Self.prompt), "continuation": " in general case 7"]
        let scores = [
            try Self.score(desk, [pair], ["adapter": "adapter"])[0], try Self.score(desk, [pair], model: "merged")[0],
        ]
        #expect(abs(scores[0].logLikelihood - scores[1].logLikelihood) <= 1e-4)
    }

    @Test func answersDoNotDependOnWhatIsAskedTogether() throws {
        let (desk, ids) = try Self.desk()
        let prompts = (0..<12).map { Self.list([1] + Array(ids.prefix(1 + $0 % ids.count))) }
        let requests: [JSONValue] = prompts.map { ["promptIDs": $0, "maxTokens": 6, "ignoreEndOfSequence": true] }
        let pairs: [JSONValue] = prompts.enumerated().map {
            ["contextIDs": $1, "continuationIDs": Self.list(Array(ids.suffix(1 + $0 % 5)))]
        }
        let together = (try Self.generate(desk, requests), try Self.score(desk, pairs))
        for size in [1, 5] {
            let starts = Array(stride(from: 0, to: 12, by: size))
            let generated = try desk.lines(
                "inference",
                starts.map {
                    (.inferGenerate, ["model": "base", "requests": .array(Array(requests[$0..<min(12, $0 + size)]))])
                })
            let scored = try desk.lines(
                "inference",
                starts.map {
                    (.inferScore, ["model": "base", "requests": .array(Array(pairs[$0..<min(12, $0 + size)]))])
                })
            let decoder = MessageDecoder(policy: .strict)
            let results = try generated.flatMap {
                try decoder.decode(GenerateText.Output.self, from: $0.output ?? .null).results
            }
            let scores = try scored.flatMap {
                try decoder.decode(ScoreText.Output.self, from: $0.output ?? .null).results
            }
            // To the bit.
            #expect(results == together.0)
            #expect(scores.count == 12 && scores == together.1)
        }
    }

    @Test func aModelFromAConfigurationAnswersWithItsSeed() throws {
        let desk = try ServiceDesk()
        func first(_ seed: Int64) throws -> GenerationResult {
            let model: JSONValue = ["configuration": TinyLanguage.configuration, "seed": .integer(seed)]
            return try Self.generate(desk, [["promptIDs": [1, 5, 9], "maxTokens": 5, "seed": 1]], model: model)[0]
        }
        #expect(try first(3) == first(3))
        #expect(try first(3).logprobs != first(4).logprobs)
    }
}
