// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing

@testable import MedicalBenchmark

@Suite(
    "The published files have the records their publishers say",
    .enabled(if: OutsideData.data != nil, "MELLAMA_DATA names no folder"))
struct OutsideDatasetTests {
    private func location(_ name: String) throws -> URL { try #require(OutsideData.data).appending(path: name) }

    @Test("PubMedQA, the expert-labelled half: 276 yes, 169 no, 55 maybe")
    func pubMedQA() throws {
        let set = try PubMedQA().read(location("pubmedqa"), split: nil)
        #expect(set.items.count == 500)
        #expect(["yes", "no", "maybe"].map { label in set.items.count { $0.gold == label } } == [276, 169, 55])
        #expect(set.items[0].id == "10808977")
    }

    @Test("MedQA, five options")
    func medQA() throws {
        let set = try MedQA().read(location("medqa"), split: nil)
        #expect(set.items.count == 1272)
        #expect(set.labels.map { label in set.items.count { $0.gold == label } } == [256, 279, 245, 278, 214])
    }

    @Test("MedMCQA, validation")
    func medMCQA() throws {
        let set = try MedMCQA().read(location("medmcqa"), split: "validation")
        #expect(set.items.count == 500)
        #expect(set.labels.map { label in set.items.count { $0.gold == label } } == [164, 131, 107, 98])
    }

    @Test("MMLU, the six medical subjects and the shots of all 57")
    func mmlu() throws {
        let test = try MMLU().read(location("mmlu"), split: nil)
        #expect(test.items.count == 1089)
        #expect(Set(test.items.compactMap(\.subject)).count == 6)
        #expect(try MMLU().read(location("mmlu"), split: "test/anatomy").items.count == 135)
        let dev = try MMLU().read(location("mmlu"), split: "dev")
        #expect(dev.items.count == 285)
        #expect(Set(dev.items.compactMap(\.subject)).count == 57)
    }

    @Test("Hallmarks of Cancer, dev and train; 2013 DDI; the HTML form of entities on its open sibling set")
    func otherForms() throws {
        let hallmarks = try HoC().read(location("hoc/dev.tsv"), split: nil)
        #expect(hallmarks.items.count == 157)
        #expect(hallmarks.items.count { $0.accepted.contains("resisting cell death") } == 45)
        #expect(try HoC().read(location("hoc"), split: "train").items.count == 1108)
        let relations = try DDI2013().read(location("ddi2013"), split: nil)
        let counts = relations.labels.map { label in relations.items.count { $0.gold == label } }
        #expect(relations.items.count == 1000 && counts == [160, 143, 79, 600, 18])
        let file = try DataFile(location("ner_html/ncbi_disease_200.csv"))
        let marked = try I2B2().markedItems(file, types: ["disease"])
        #expect(marked.count == 200)
        let entities = marked.map { item in
            StrictTagging.entities(answer: MarkedText(item.gold), gold: MarkedText(item.gold), types: ["disease"])
        }
        let written = marked.reduce(0) { $0 + $1.gold.ranges(of: "<span class=\"disease\">").count }
        #expect(entities.allSatisfy { $0.given == $0.expected })
        #expect(entities.reduce(0) { $0 + $1.expected.count } == written && written > 100)
    }

    @Test("A model that always says yes scores the majority class, also where every passage is cut")
    func majority() async throws {
        for context in [10_000, 160] {
            let model = ScriptedModel(contextLength: context, writes: { _ in "Yes." })
            let evaluation = try Evaluation(task: PubMedQA(), data: location("pubmedqa"))
            let result = try await evaluation.run(on: model, modelIdentity: "always yes").result
            #expect(result.metrics["accuracy"]?.value == 276.0 / 500)
            #expect(result.majority?.label == "yes" && result.majority?.accuracy == 276.0 / 500)
            #expect(result.metrics["macroF1"]?.value == result.majority?.macroF1)
            #expect(result.unfit == 0 && (result.truncated > 400) == (context == 160))
        }
    }

    @Test("MMLU's five shots are its subject's dev file, for every subject at hand")
    func shots() async throws {
        let evaluation = try Evaluation(task: MMLU(), data: location("mmlu"), settings: EvaluationSettings(shots: 5))
        let model = ScriptedModel(writes: { _ in " B" })
        let result = try await evaluation.run(on: model, modelIdentity: "always B").result
        #expect(result.items == 1089 && result.truncated == 0 && result.parseRate == 1)
        for prompt in model.seen.prompts {
            #expect(prompt.split(separator: "\nAnswer: ", omittingEmptySubsequences: false).count == 6)
        }
    }
}
