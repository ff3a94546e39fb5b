// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import MedicalBenchmark
import Testing

@Suite("Data sets are read from their publishers' own files")
struct DatasetReaderTests {
    private let folder = BenchmarkFixtures.folder

    @Test("PubMedQA keeps the order of its file and joins the abstract's parts by lines")
    func pubMedQA() throws {
        let set = try PubMedQA().read(folder.appending(path: "pubmedqa"), split: nil)
        #expect(set.items.map(\.id) == ["90000003", "90000001", "90000007", "90000002", "90000005", "90000004"])
        #expect(set.items.map(\.gold) == ["yes", "no", "maybe", "yes", "no", "yes"])
        #expect(set.items[0].context?.split(separator: "\n").count == 2)
        #expect(set.split == "test")
        #expect(set.labels == ["yes", "no", "maybe"])
        let file = try PubMedQA().read(folder.appending(path: "pubmedqa/test_set.json"), split: "dev")
        #expect(file.split == "dev")
        #expect(file.sha256 == set.sha256)
    }

    @Test("MedQA has five or four options, and ids that count from 0")
    func medQA() throws {
        let five = try MedQA().read(folder.appending(path: "medqa/five"), split: nil)
        #expect(five.labels == ["A", "B", "C", "D", "E"])
        #expect(five.items.map(\.gold) == ["C", "D", "B"])
        #expect(five.items.map(\.id) == ["0", "1", "2"])
        let four = try MedQA().read(folder.appending(path: "medqa/four/4_options_dev.jsonl"), split: nil)
        #expect(four.labels == ["A", "B", "C", "D"])
        #expect(four.items[1].options.map(\.text) == ["Vitamin A", "Vitamin C", "Vitamin K", "Vitamin D"])
    }

    @Test("MedMCQA counts the right option from 0")
    func medMCQA() throws {
        let set = try MedMCQA().read(folder.appending(path: "medmcqa"), split: "dev")
        #expect(set.items.map(\.gold) == ["B", "A", "D", "C"])
        #expect(
            set.items.map { item in item.options.first { $0.label == item.gold }?.text ?? "" }
                == ["Pancreas", "Four", "Humerus", "Smell"])
    }

    @Test("MMLU reads a split's subjects, one of them, or one file, with quoted commas, quotes and line breaks")
    func mmlu() throws {
        let all = try MMLU().read(folder.appending(path: "mmlu"), split: nil)
        #expect(all.items.map(\.id) == ["anatomy/0", "anatomy/1", "college_biology/0"])
        #expect(all.items[0].question == "Which part is \"red, soft and wet\"?\nChoose one.")
        #expect(all.items[0].options[0].text == "The tongue, mostly")
        #expect(all.items[1].gold == "B")
        let one = try MMLU().read(folder.appending(path: "mmlu"), split: "test/anatomy")
        let file = try MMLU().read(folder.appending(path: "mmlu/test/anatomy_test.csv"), split: nil)
        #expect(one.items == file.items)
        #expect(one.sha256 == file.sha256 && one.sha256 != all.sha256)
        #expect(try MMLU().read(folder.appending(path: "mmlu"), split: "dev").items.count == 10)
        #expect(try MMLU().read(folder.appending(path: "mmlu/dev"), split: nil).items.count == 10)
    }

    @Test("Records and limit count in file order and keep the whole label set")
    func selection() throws {
        let set = try PubMedQA().read(folder.appending(path: "pubmedqa"), split: nil)
        let chosen = try set.selecting(records: 3..<Int.max, limit: 2)
        #expect(chosen.items.map(\.id) == ["90000002", "90000005"])
        #expect(chosen.labels == ["yes", "no", "maybe"])
        #expect(try set.selecting(records: nil, limit: nil).items == set.items)
        #expect(BenchmarkFixtures.error { _ = try set.selecting(records: 6..<9, limit: nil) }?.code == .invalidSetting)
        #expect(BenchmarkFixtures.error { _ = try set.selecting(records: nil, limit: 0) }?.code == .invalidSetting)
    }

    @Test("The paper's thirteen and two more are known, others are refused with the known ones")
    func catalog() throws {
        #expect(
            BenchmarkCatalog.tasks.map(\.id) == [
                "pubmedqa", "medqa", "medmcqa", "emrqa", "i2b2-2012", "ddi2013", "hoc", "mtsamples",
                "pubmed-summarization", "mimic-cxr", "bionli", "mednli", "mmlu", "mmlu-medical", "medexqa",
            ])
        let error = BenchmarkFixtures.error { _ = try BenchmarkCatalog.task("pubmedq") }
        #expect(error?.code == .unknownTask && error?.description.contains("mtsamples") == true)
        let restricted = BenchmarkCatalog.tasks.filter(\.isRestricted).map(\.id)
        #expect(restricted == ["emrqa", "i2b2-2012", "mimic-cxr", "mednli"])
    }
}
