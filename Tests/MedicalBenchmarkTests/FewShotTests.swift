// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MedicalBenchmark

@Suite("Worked examples are drawn the same for an item whatever else is asked")
struct FewShotTests {
    private let pool = (0..<40).map {
        BenchmarkItem(
            id: "\($0)", question: "Question \($0)?", labels: ["yes", "no"], gold: $0 % 2 == 0 ? "yes" : "no")
    }

    @Test("No item is its own example, even under another id, and none comes twice")
    func never() throws {
        for item in pool {
            let twin = BenchmarkItem(id: "other", question: item.question, labels: item.labels, gold: item.gold)
            for asked in [item, twin] {
                let shots = try FewShotSampler(seed: 1).sample(12, for: asked, from: pool)
                #expect(shots.count == 12)
                #expect(Set(shots.map(\.question)).count == 12)
                #expect(!shots.contains { $0.question == item.question })
            }
        }
    }

    @Test("The seed and the item decide, and each item has its own")
    func determined() throws {
        let draws = try pool.map { try FewShotSampler(seed: 7).sample(5, for: $0, from: pool).map(\.id) }
        let again = try pool.reversed().map { try FewShotSampler(seed: 7).sample(5, for: $0, from: pool).map(\.id) }
        #expect(draws == again.reversed())
        #expect(Set(draws).count > 30)
        #expect(try FewShotSampler(seed: 8).sample(5, for: pool[0], from: pool).map(\.id) != draws[0])
    }

    @Test("A pool of just as many is taken in its order, but never the item itself")
    func whole() throws {
        let five = Array(pool[..<5])
        for item in pool[5...] { #expect(try FewShotSampler(seed: 3).sample(5, for: item, from: five) == five) }
        let error = BenchmarkFixtures.error { _ = try FewShotSampler(seed: 3).sample(5, for: pool[2], from: five) }
        #expect(error?.code == .invalidSetting)
    }

    @Test("A pool that is too small is an error")
    func small() {
        let error = BenchmarkFixtures.error {
            _ = try FewShotSampler(seed: 1).sample(3, for: pool[0], from: [pool[0], pool[1]])
        }
        #expect(error?.code == .invalidSetting)
    }

    @Test("Of a file that holds both, only the records named are worked examples")
    func records() throws {
        let records = (0..<20).map {
            "\"\($0)\": {\"QUESTION\": \"Q\($0)?\", \"CONTEXTS\": [], \"final_decision\": \"no\"}"
        }
        let content = "{\(records.joined(separator: ","))}"
        try BenchmarkFixtures.withFile(content.utf8, named: "all.json") { file in
            func evaluation(_ shotsRecords: Range<Int>?) throws -> Evaluation {
                try Evaluation(
                    task: PubMedQA(), data: file, records: 12..<20, shotsData: file, shotsRecords: shotsRecords,
                    settings: EvaluationSettings(shots: 5))
            }
            let drawn = try evaluation(0..<12)
            for prompt in drawn.rendered {
                #expect(prompt.shots.count == 5)
                #expect(prompt.shots.allSatisfy { shot in (0..<12).contains { shot.contains("INPUT: Q\($0)?") } })
            }
            // Other examples are another question: rows of one are none of the other.
            let (model, all) = (ScriptedModel(), try evaluation(nil))
            #expect(drawn.key(on: model, modelIdentity: "m") != all.key(on: model, modelIdentity: "m"))
            let nothing = BenchmarkFixtures.error { _ = try evaluation(30..<40) }
            #expect(nothing?.code == .invalidSetting)
        }
    }

    @Test("MMLU takes the first of its subject's dev file in order")
    func mmlu() throws {
        let dev = try MMLU().read(BenchmarkFixtures.mmlu, split: "dev").items
        let items = try MMLU().read(BenchmarkFixtures.mmlu, split: nil).items
        let shots = try MMLU().shots(3, for: items[2], from: dev, seed: 1)
        #expect(shots.map(\.id) == ["college_biology/0", "college_biology/1", "college_biology/2"])
        #expect(BenchmarkFixtures.error { _ = try MMLU().shots(6, for: items[2], from: dev, seed: 1) } != nil)
        let evaluation = try Evaluation(
            task: MMLU(), data: BenchmarkFixtures.mmlu, split: "test/anatomy", settings: EvaluationSettings(shots: 5))
        #expect(evaluation.rendered.allSatisfy { $0.shots.count == 5 })
        let missing = BenchmarkFixtures.error {
            _ = try Evaluation(
                task: PubMedQA(), data: BenchmarkFixtures.pubMedQA, settings: EvaluationSettings(shots: 1))
        }
        #expect(missing?.subject == "shotsData")
    }
}
