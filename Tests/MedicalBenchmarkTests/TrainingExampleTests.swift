// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import MedicalBenchmark

@Suite("A train split is written as its evaluation asks it")
struct TrainingExampleTests {
    @Test("The prompt is the evaluation's own to the byte, the answer a worked example's")
    func prompts() throws {
        let items = try PubMedQA().read(BenchmarkFixtures.pubMedQA, split: nil).items
        for name in PubMedQA().prompts.map(\.name) {
            let prompt = try PubMedQA().prompt(named: name)
            let examples = try TrainingExample.examples(
                of: PubMedQA(), data: BenchmarkFixtures.pubMedQA, split: "test", prompt: name)
            #expect(examples.count == items.count)
            for (example, item) in zip(examples, items) {
                #expect(example.head + example.context + example.tail == prompt.render(item).text(after: 0))
                #expect(example.separator + example.answer == prompt.continuation(item.gold))
                #expect(example.context == item.context)
            }
        }
    }

    @Test("Of a folder the split of worked examples, of a file the records; labels in the prompt's words")
    func selection() throws {
        let subjects = try TrainingExample.examples(of: MMLU(), data: BenchmarkFixtures.mmlu)
        let shots = try MMLU().read(BenchmarkFixtures.mmlu, split: "dev").items
        #expect(subjects.map(\.answer) == shots.map(\.gold) && subjects[0].separator == " ")
        let table = (0..<6).map { "d\($0)\t@DRUG$ \($0) @DRUG$.\tDDI-advise\n" }.joined()
        try BenchmarkFixtures.withFile("index\tsentence\tlabel\n\(table)".utf8, named: "train.tsv") { file in
            let some = try TrainingExample.examples(of: DDI2013(), data: file, records: 2..<5, limit: 2)
            #expect(some.map(\.answer) == ["DDI-advice", "DDI-advice"])
            #expect(some[0].head.contains("@DRUG$ 2 @DRUG$.") && some[1].head.contains("@DRUG$ 3 @DRUG$."))
            let code = try TrainingExample.examples(of: DDI2013(), data: file, limit: 1, prompt: "code/1")
            #expect(code.map(\.answer) == ["DDI-advise"])
        }
        let missing = BenchmarkFixtures.error {
            _ = try TrainingExample.examples(of: HoC(), data: URL(filePath: "/nowhere"))
        }
        #expect(missing?.code == .notSupplied)
    }
}
