// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MedicalBenchmark

@Suite("A case is parted from the question about it")
struct CaseDescriptionTests {
    @Test("the last sentence is the question; together they are the text")
    func lastSentence() {
        let text = "A 40-year-old man has a fever of 38.5 °C. His lungs are clear.  What is the next step?"
        let (description, question) = CaseDescription.split(text)
        #expect(description == "A 40-year-old man has a fever of 38.5 °C. His lungs are clear.  ")
        #expect(question == "What is the next step?")
    }

    @Test("one sentence has no description", arguments: ["Which drug lowers INR?", "  Why?  ", "", "No end"])
    func oneSentence(_ text: String) {
        let (description, question) = CaseDescription.split(text)
        #expect(description == nil)
        #expect(question == text)
    }

    @Test("a cut prompt keeps the question and the options")
    func cutPrompt() throws {
        let item = BenchmarkItem(
            id: "0", question: "What is it?", context: "He coughs. He sleeps badly. ",
            options: [.init(label: "A", text: "asthma"), .init(label: "B", text: "flu")], labels: ["A", "B"], gold: "A")
        let prompt = try #require(MedQA().prompts.first).render(item)
        #expect(prompt.text(after: 0).contains("He coughs. He sleeps badly. What is it?"))
        let cut = prompt.text(after: prompt.steps)
        #expect(!cut.contains("sleeps") && cut.contains("What is it?") && cut.contains("B. flu"))
    }
}
