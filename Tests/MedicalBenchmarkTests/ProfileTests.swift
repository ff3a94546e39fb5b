// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MedicalBenchmark

/// What the authors' code makes of an output, and what it says: every trap that is known to move scores.
@Suite("Both profiles on the same outputs")
struct ProfileTests {
    private func judge(
        _ task: any BenchmarkTask, _ profile: ScoringProfile, _ output: String, _ item: BenchmarkItem
    ) -> Judgement {
        Judge(task: task, profile: profile).judge(output, for: item)
    }

    private func item(
        _ labels: [String] = [], gold: String, accepted: [String]? = nil, question: String = ""
    ) -> BenchmarkItem {
        BenchmarkItem(id: "1", question: question, labels: labels, gold: gold, accepted: accepted)
    }

    private func check(
        _ task: any BenchmarkTask, _ labels: [String], gold: String, _ output: String, published: String?,
        strict: String?
    ) {
        let own = item(labels, gold: gold)
        #expect(judge(task, .published, output, own).parsed == published, "published: \(output)")
        #expect(judge(task, .strict, output, own).parsed == strict, "strict: \(output)")
    }

    @Test("PubMedQA: the first of yes, no, maybe that is a substring")
    func pubMedQA() {
        let labels = PubMedQA.labels
        check(PubMedQA(), labels, gold: "maybe", "I do not know; maybe", published: "no", strict: "maybe")
        check(PubMedQA(), labels, gold: "no", "No, yesterday's", published: "yes", strict: "no")
        check(PubMedQA(), labels, gold: "no", "unclear", published: nil, strict: nil)
    }

    @Test("MedQA and MedMCQA: the first capital of the list anywhere")
    func letters() {
        let five = ["A", "B", "C", "D", "E"]
        check(MedQA(), five, gold: "C", "The Answer is C", published: "A", strict: "C")
        check(MedQA(), five, gold: "C", "C. Amoxicillin", published: "A", strict: "C")
        check(MedMCQA(), Array(five.prefix(4)), gold: "C", "c", published: nil, strict: "C")
        check(MedMCQA(), Array(five.prefix(4)), gold: "D", "it is the last", published: nil, strict: nil)
    }

    @Test("MTSamples: Neurosurgery, Cosmetic / Plastic Surgery and Neurology can't be reached")
    func mtSamples() {
        let labels = MTSamples.labels
        check(MTSamples(), labels, gold: "Neurosurgery", "Neurosurgery", published: "Surgery", strict: "Neurosurgery")
        check(
            MTSamples(), labels, gold: "Cosmetic / Plastic Surgery", "cosmetic / plastic surgery", published: "Surgery",
            strict: "Cosmetic / Plastic Surgery")
        check(MTSamples(), labels, gold: "Neurology", "Neurology", published: "Urology", strict: "Neurology")
        let unreachable = labels.filter { label in
            judge(MTSamples(), .published, label, item(labels, gold: label)).parsed != label
        }
        #expect(unreachable == ["Neurosurgery", "Cosmetic / Plastic Surgery", "Neurology"])
        for label in labels {
            #expect(judge(MTSamples(), .strict, "It is \(label).", item(labels, gold: label)).parsed == label)
        }
    }

    @Test("2013 DDI: two labels are no answer; DDI-advice is DDI-advise only under strict")
    func ddi() {
        let labels = DDI2013.labels
        check(
            DDI2013(), labels, gold: "DDI-effect", "DDI-effect, not DDI-mechanism", published: nil, strict: "DDI-effect"
        )
        check(DDI2013(), labels, gold: "DDI-advise", "DDI-advice", published: nil, strict: "DDI-advise")
        check(DDI2013(), labels, gold: "DDI-advise", "DDI-advise", published: "DDI-advise", strict: "DDI-advise")
        check(DDI2013(), labels, gold: "DDI-int", "ddi-int", published: nil, strict: "DDI-int")
        check(DDI2013(), labels, gold: "DDI-int", "DDI-interaction", published: "DDI-int", strict: nil)
    }

    @Test("NLI: entailment wins by list order")
    func inference() {
        let labels = NaturalLanguageInference.labels
        check(
            BioNLI(), labels, gold: "contradiction", "a contradiction, no entailment", published: "entailment",
            strict: "contradiction")
        check(
            MedNLI(), labels, gold: "entailment", "not a contradiction, entailment", published: "entailment",
            strict: "contradiction")
    }

    @Test("HoC: case counts in the authors' code")
    func hoc() {
        let own = item(HoC.labels, gold: "avoiding immune destruction", accepted: ["avoiding immune destruction"])
        let output = "Avoiding immune destruction"
        #expect(judge(HoC(), .published, output, own).parsed == nil)
        let strict = judge(HoC(), .strict, output, own)
        #expect(strict.parsed == "avoiding immune destruction" && strict.isCorrect == true && strict.score == 1)
        let two = judge(HoC(), .published, "cellular energetics; resisting cell death", own)
        #expect(two.parsed == "resisting cell death;cellular energetics" && two.score == 0)
    }

    @Test("EmrQA: characters against tokens")
    func emrQA() {
        let own = item(gold: "metformin 500 mg", accepted: ["metformin 500 mg", "500 mg"])
        guard case .values(let published) = judge(EmrQA(), .published, "Metformin 500 mg.", own).detail,
            case .values(let strict) = judge(EmrQA(), .strict, "the 500 mg", own).detail,
            case .values(let other) = judge(EmrQA(), .published, "500 mg", own).detail
        else {
            Issue.record("no values")
            return
        }
        #expect(published["exactMatch"] == 1 && abs((published["f1"] ?? 0) - 11.0 / 14) < 1e-12)
        #expect(strict == ["exactMatch": 1, "f1": 1])
        // The authors' code knows the first answer only.
        #expect(other["exactMatch"] == 0)
    }

    // MARK: Entities

    private static let marked =
        "He has <span class=\"problem\">chest pain</span> and takes <span class=\"treatment\">aspirin</span> ."

    private func counts(_ profile: ScoringProfile, _ output: String) -> [[Int]] {
        let own = item(I2B2.types, gold: Self.marked, question: "He has chest pain and takes aspirin .")
        guard case .entities(let counts) = judge(I2B2(), profile, output, own).detail else { return [] }
        return counts.map { [$0.right, $0.given, $0.expected] }
    }

    @Test("Entities: the gold text again is right under both")
    func entities() {
        #expect(counts(.strict, Self.marked) == [[1, 1, 1], [1, 1, 1], [0, 0, 0]])
        #expect(counts(.published, Self.marked) == [[1, 1, 1], [1, 1, 1], [0, 0, 0], [0, 0, 0]])
    }

    @Test("Entities: an answer that breaks off, or says nothing, is not charged by the authors' code")
    func dropped() {
        let cut = "He has <span class=\"problem\">chest pain</span>"
        #expect(counts(.published, cut) == [[1, 1, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]])
        #expect(counts(.strict, cut) == [[1, 1, 1], [0, 0, 1], [0, 0, 0]])
        #expect(counts(.published, "").allSatisfy { $0 == [0, 0, 0] })
        #expect(counts(.strict, "") == [[0, 0, 1], [0, 0, 1], [0, 0, 0]])
    }

    @Test("Entities: one word too many in front, and the authors' walk drops tokens in pairs to the end")
    func shifted() {
        let chatty = "Sure : \(Self.marked)"
        #expect(counts(.strict, chatty) == [[1, 1, 1], [1, 1, 1], [0, 0, 0]])
        #expect(counts(.published, chatty).map { $0[0] } == [0, 0, 0, 0])
    }

    @Test("Entities: a wrong end or type is wrong, and tags may be broken")
    func wrong() {
        let output =
            "He has <span class=\"test\">chest pain</span> and <SPAN class='treatment x'>takes aspirin</SPAN> ."
        #expect(counts(.strict, output) == [[0, 0, 1], [0, 1, 1], [0, 1, 0]])
        #expect(counts(.published, output) == [[0, 0, 1], [0, 1, 1], [0, 1, 0], [0, 0, 0]])
        let open = "He has <span class=problem>chest pain and takes aspirin ."
        #expect(counts(.strict, open) == [[0, 1, 1], [0, 0, 1], [0, 0, 0]])
        #expect(MarkedText("a < b &lt; c &amp d").plain == "a < b < c &amp d")
        #expect(MarkedText("x<b><i>y</b>z</i>w").pieces.map(\.text) == ["x", "y", "zw"])
    }

    @Test("Entities: micro-F1 is what the authors' code reports, macro-F1 what the paper says")
    func averages() throws {
        let own = item(I2B2.types, gold: Self.marked)
        let cut = "He has <span class=\"problem\">chest pain</span> and takes aspirin ."
        for (profile, macro) in [(ScoringProfile.strict, 1.0 / 3), (.published, 0.5)] {
            let judgement = judge(I2B2(), profile, cut, own)
            let types = profile == .strict ? I2B2.types : PublishedTagging.types
            let outcomes = ItemOutcomes(.entities, labels: types, ids: ["1"], details: [judgement.detail])
            let metrics = try outcomes.metrics(profile).estimates(items: 1, bootstrap: Bootstrap(resamples: 0))
            #expect(abs(try #require(metrics["macroF1"]).value - macro) < 1e-12)
            #expect(abs(try #require(metrics["microF1"]).value - 2.0 / 3) < 1e-12)
            #expect(metrics["precision"]?.value == 1 && metrics["recall"]?.value == 0.5)
        }
        #expect(AnswerKind.markup.headline(.published)[0].name == "microF1")
    }
}
