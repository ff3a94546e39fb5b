// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import OracleSupport
import TestSupport
import Testing

@Suite(
    "inference run answers as the reference library does", .timeLimit(.minutes(2)),
    .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct InferenceServiceOracleTests {
    struct Runs: Decodable {
        struct Run: Decodable {
            let prompt: [Int32]
            let newIds: [Int32]
        }

        let runs: [Run]
    }

    struct Case: Decodable {
        struct Continuation: Decodable {
            let ids: [Int32]
            let sumLogprob: Double
            let isGreedy: Bool
        }

        let context: [Int32]
        let continuations: [Continuation]
    }

    private func folders(with file: String) -> [URL] {
        OutsideData.folders(below: OutsideData.oracles) { $0.holds("hf/config.json") && $0.holds(file) }
    }

    private func requests(_ runs: [Runs.Run]) -> [JSONValue] {
        runs.map {
            [
                "promptIDs": InferenceJobTests.list($0.prompt), "maxTokens": .integer(Int64($0.newIds.count)),
                "ignoreEndOfSequence": true,
            ]
        }
    }

    @Test("Every greedy id, from one file of weights and from several")
    func greedy() throws {
        let found = folders(with: "generate.json")
        #expect(!found.isEmpty)
        for folder in found {
            let runs = try folder.appending(path: "generate.json").camelCasedJSON(as: Runs.self).runs
            let desk = try ServiceDesk()
            for name in ["hf", "hf-sharded"] where folder.holds("\(name)/config.json") {
                let model: JSONValue = .string(folder.appending(path: name).path)
                let results = try InferenceJobTests.generate(desk, requests(runs), model: model)
                #expect(!runs.isEmpty && results.map(\.ids) == runs.map(\.newIds))
            }
        }
    }

    @Test("Every summed log-likelihood within 1e-4, and whether it is greedy")
    func likelihoods() throws {
        let found = folders(with: "loglikelihood.json")
        #expect(!found.isEmpty)
        for folder in found {
            let cases = try folder.appending(path: "loglikelihood.json").camelCasedJSON(as: [Case].self)
            let expected = cases.flatMap(\.continuations)
            let scores = try InferenceJobTests.score(
                ServiceDesk(),
                cases.flatMap { known in
                    known.continuations.map {
                        [
                            "contextIDs": InferenceJobTests.list(known.context),
                            "continuationIDs": InferenceJobTests.list($0.ids),
                        ]
                    }
                }, model: .string(folder.appending(path: "hf").path))
            #expect(!expected.isEmpty && scores.count == expected.count)
            for (ours, theirs) in zip(scores, expected) {
                #expect(abs(ours.logLikelihood - theirs.sumLogprob) <= 1e-4)
                #expect(ours.isGreedy == theirs.isGreedy && ours.tokenCount == theirs.ids.count)
            }
        }
    }

    @Test("An adapter in PEFT's format answers as the model merged with it")
    func adapters() throws {
        let found = OutsideData.folders(below: OutsideData.oracles) {
            $0.holds("adapter/adapter_config.json") && $0.deletingLastPathComponent().holds("generate.json")
        }
        #expect(!found.isEmpty)
        for folder in found {
            let base = folder.deletingLastPathComponent()
            let runs = try base.appending(path: "generate.json").camelCasedJSON(as: Runs.self).runs
            let desk = try ServiceDesk()
            let model: JSONValue = .string(base.appending(path: "hf").path)
            let adapter: JSONValue = .string(folder.appending(path: "adapter").path)
            _ = try desk.output(
                "trainer", .trainMerge, of: MergeAdapter.self,
                ["model": model, "adapter": adapter, "output": "merged"])
            let adapted = try InferenceJobTests.generate(desk, requests(runs), model: model, ["adapter": adapter])
            let merged = try InferenceJobTests.generate(desk, requests(runs), model: "merged")
            #expect(adapted.map(\.ids) == merged.map(\.ids))
            // The adapter is no ornament.
            #expect(adapted.map(\.ids) != runs.map(\.newIds))
            let pairs: [JSONValue] = runs.map {
                [
                    "contextIDs": InferenceJobTests.list($0.prompt),
                    "continuationIDs": InferenceJobTests.list($0.newIds),
                ]
            }
            let scores = [
                try InferenceJobTests.score(desk, pairs, model: model, ["adapter": adapter]),
                try InferenceJobTests.score(desk, pairs, model: "merged"),
            ]
            for (one, other) in zip(scores[0], scores[1]) {
                #expect(abs(one.logLikelihood - other.logLikelihood) <= 1e-5 * abs(other.logLikelihood))
            }
        }
    }
}
