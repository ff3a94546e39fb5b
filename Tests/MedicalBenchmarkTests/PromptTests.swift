// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MedicalBenchmark

@Suite("Prompts are the paper's, filled in")
struct PromptTests {
    private let question = BenchmarkItem(
        id: "1", question: "Does it help?", context: "First.\nSecond.", labels: ["yes", "no", "maybe"], gold: "no")

    private func choice(_ options: [String], subject: String? = nil, gold: String = "B") -> BenchmarkItem {
        BenchmarkItem(
            id: "1", question: "Which one?", options: OptionLetters.options(options),
            labels: Array(OptionLetters.all.prefix(options.count)), gold: gold, subject: subject)
    }

    @Test("Table A2 has twelve prompts, and every task has its own and the code's")
    func tableA2() throws {
        #expect(PromptLibrary.data.tableA2.count == 12)
        for task in BenchmarkCatalog.tasks {
            let expected = task.id.hasPrefix("mmlu") ? 2 : task.id == "medexqa" ? 1 : 2
            #expect(task.prompts.count == expected && Set(task.prompts.map(\.name)).count == expected, "\(task.id)")
        }
        #expect(PubMedQA().prompts[0].source.contains("Table A2"))
    }

    @Test("PubMedQA: the question is the input, the abstract the context")
    func pubMedQA() throws {
        let text = try PubMedQA().prompt(named: "table-a2/1").render(question).text(after: 0)
        #expect(
            text == "Your task is to answer biomedical questions using the given abstract. Only output yes, no, or "
                + "maybe as answer. INPUT: Does it help? CONTEXT: First.\nSecond. OUTPUT:")
    }

    @Test("MedQA names the last letter the item has")
    func medQA() throws {
        let prompt = try MedQA().prompt(named: nil)
        let five = prompt.render(choice(["a", "b", "c", "d", "e"])).text(after: 0)
        let template = try #require(PromptLibrary.data.tableA2.first { $0.name == "MedQA" }?.template)
        let slots = template.split(separator: "{text}", omittingEmptySubsequences: false)
        #expect(five == slots[0] + "Which one?" + slots[1] + "A. a\nB. b\nC. c\nD. d\nE. e" + slots[2])
        #expect(prompt.render(choice(["a", "b", "c", "d"])).text(after: 0).contains("one correct answer from A to D."))
    }

    @Test("MMLU: a line on the subject, then worked examples, then the question")
    func mmlu() throws {
        let prompt = try MMLU().prompt(named: "mmlu-standard/1")
        let item = choice(["a", "b", "c", "d"], subject: "college_biology")
        let text = prompt.render(item, shots: [choice(["w", "x", "y", "z"], gold: "D")]).text(after: 0)
        #expect(
            text == """
                The following are multiple choice questions (with answers) about college biology.

                Which one?
                A. w
                B. x
                C. y
                D. z
                Answer: D

                Which one?
                A. a
                B. b
                C. c
                D. d
                Answer:
                """)
    }

    @Test("Worked examples repeat the prompt with its answer, joined by a blank line")
    func shots() throws {
        let text = try PubMedQA().prompt(named: nil).render(question, shots: [question, question]).text(after: 0)
        #expect(text.components(separatedBy: "OUTPUT: no\n\nYour task is").count == 3)
        #expect(text.hasSuffix("OUTPUT:"))
    }

    @Test("An unknown prompt is refused with the known ones")
    func unknown() {
        let error = BenchmarkFixtures.error { _ = try MedQA().prompt(named: "table-a2/9") }
        #expect(error?.code == .unknownPrompt)
        #expect(error?.remedy.contains("table-a2/1") == true)
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [Substring] {
        split(separator: separator, omittingEmptySubsequences: false)
    }
}
