// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzSupport
import Testing

@testable import MedicalBenchmark

@Suite("Whatever bytes a data file or an output holds: items or an error, an answer or none", .timeLimit(.minutes(30)))
struct BenchmarkFuzzTests {
    /// Fuzzes a task's reader of a file of this name, through a file as evaluations do; one file for all inputs.
    private func fuzz(_ task: any BenchmarkTask, _ name: String, seed: String, words: [String]) throws {
        try BenchmarkFixtures.withFile([], named: name) { file in
            let target = FuzzTarget(name: "\(task.id)-\(name)", seeds: [Array(seed.utf8)], words: words) { bytes in
                try Data(bytes).write(to: file)
                do {
                    let items = try task.read(file, split: nil).items
                    try FuzzFailure.unless(Set(items.map(\.id)).count == items.count, "an id twice")
                    for item in items where task.answerKind.isChoice {
                        try FuzzFailure.unless(item.labels.contains(item.gold), "a right answer that is no label")
                    }
                    return .accepted
                } catch is BenchmarkError { return .refused }
            }
            try FuzzRun(target).run()
        }
    }

    private static let note = """
        <?xml version="1.0"?><ClinicalNarrativeTemporalAnnotation><TEXT><![CDATA[
        No chest pain .
        A CT & more .
        ]]></TEXT><TAGS><EVENT id="E0" start="4" end="14" text="chest pain" type="PROBLEM"/><EVENT id="E1" start="19"
        end="21" text="CT" type="TEST"/></TAGS></ClinicalNarrativeTemporalAnnotation>
        """
    private static let corpus = """
        <document id="d"><!-- c --><sentence id="s" text="Aspirin &amp; warfarin."><entity id="e0" charOffset="0-6"/>
        <entity id="e1" charOffset="10-13;15-17"/><pair id="p" e1="e0" e2="e1" ddi="true" type="int"/></sentence></document>
        """

    @Test func xml() throws {
        let words = [
            "<", "</", "/>", "<![CDATA[", "]]>", "<!--", "-->", "&#x10FFFF;", "&lt;", "<?", "charOffset=\"0-9\"",
        ]
        try fuzz(I2B2(), "1.xml", seed: Self.note, words: words)
        try fuzz(DDI2013(), "1.xml", seed: Self.corpus, words: words)
    }

    @Test func tables() throws {
        let samples = "x,medical_specialty,transcription\n0, Surgery,\"a \"\"b\"\"\nc\"\n"
        try fuzz(MTSamples(), "test.csv", seed: samples, words: [",", "\"", "\r\n", "\n"])
        let hallmarks = "pmid\ttext\tlabels\n1\tt\tcellular energetics;resisting cell death\n"
        try fuzz(HoC(), "test.tsv", seed: hallmarks, words: ["\t", ";", "\r\n"])
    }

    @Test func json() throws {
        let notes = """
            {"data": [{"title": "t", "paragraphs": [{"context": ["a", "b"], "qas": [{"id": [["x"]], "question": ["q"],
            "answers": [{"text": "", "evidence": "b"}]}]}]}]}
            """
        try fuzz(EmrQA(), "test.json", seed: notes, words: ["[", "{", "null", "\"text\":", "[[]]"])
        let articles = #"{"article_id": "1", "article_text": ["a"], "abstract_text": ["<S> b </S>"]}"#
        try fuzz(PubMedSummarization(), "test.txt", seed: articles, words: ["<S>", "</S>", "\n", "[]"])
    }

    @Test("What a model wrote is untrusted as well: every judge ends, and its figures are fractions")
    func outputs() throws {
        let marked = "He has <span class=\"problem\">chest pain</span> and <span class=test>a CT</span> &amp; more."
        let items: [(any BenchmarkTask, BenchmarkItem)] = [
            (I2B2(), BenchmarkItem(id: "1", question: "", labels: I2B2.types, gold: marked)),
            (HoC(), BenchmarkItem(id: "1", question: "", labels: HoC.labels, gold: "", accepted: [HoC.labels[0]])),
            (DDI2013(), BenchmarkItem(id: "1", question: "", labels: DDI2013.labels, gold: "DDI-int")),
            (MedQA(), BenchmarkItem(id: "1", question: "", labels: ["A", "B", "C"], gold: "C")),
            (MTSamples(), BenchmarkItem(id: "1", question: "", labels: MTSamples.labels, gold: "Surgery")),
            (EmrQA(), BenchmarkItem(id: "1", question: "", labels: [], gold: "the chest pain")),
            (MIMICCXR(), BenchmarkItem(id: "1", question: "", labels: [], gold: "No acute\nprocess.")),
        ]
        let target = FuzzTarget(
            name: "outputs",
            seeds: [marked, "The answer is (C). DDI-int; Neurosurgery", "the <b>chest"].map { Array($0.utf8) },
            words: ["<", ">", "</span>", "<span class='", "&", "&#0;", "\"", "\u{301}", "A", "DDI-", "\n"]
        ) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            for (task, item) in items {
                for profile in ScoringProfile.allCases {
                    let judgement = Judge(task: task, profile: profile).judge(text, for: item)
                    try FuzzFailure.unless((0...1).contains(judgement.score), "\(task.id): a score outside 0 to 1")
                }
            }
            return .accepted
        }
        try FuzzRun(target).run()
    }
}
