// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MedicalBenchmark

@Suite("Two profiles read the same outputs, each its own way")
struct AnswerParserTests {
    private static let decisions = ["yes", "no", "maybe"]
    private static let letters = ["A", "B", "C", "D", "E"]
    private static let specialties = [
        "Surgery", "Neurosurgery", "Cosmetic / Plastic Surgery", "Urology", "Neurology", "Radiology",
    ]
    private static let relations = ["entailment", "contradiction", "neutral"]

    struct Case: Sendable {
        let output: String
        let strict: String?
        let published: String?
        init(_ output: String, strict: String?, published: String?) {
            (self.output, self.strict, self.published) = (output, strict, published)
        }
    }

    @Test(
        "PubMedQA",
        arguments: [
            Case("yes", strict: "yes", published: "yes"),
            Case(" Yes.", strict: "yes", published: "yes"),
            Case("I do not know; maybe", strict: "maybe", published: "no"),
            Case("Maybe, nothing is known", strict: "maybe", published: "no"),
            Case("No, although yes was expected", strict: "no", published: "yes"),
            Case("Unknown", strict: nil, published: "no"),
            Case("no-one can tell", strict: nil, published: "no"),
            Case("\u{201C}maybe\u{201D}", strict: "maybe", published: "maybe"),
            Case("", strict: nil, published: nil),
            Case("The eyes have it", strict: nil, published: "yes"),
            Case("I can't say", strict: nil, published: nil),
            Case("no\u{301}", strict: nil, published: "no"),
        ])
    func words(_ sample: Case) {
        #expect(StrictWordParser().parse(sample.output, labels: Self.decisions) == sample.strict)
        let published = ScoringProfile.published.parser(for: .word)
        #expect(published.parse(sample.output, labels: Self.decisions) == sample.published)
    }

    @Test(
        "Option letters",
        arguments: [
            Case("C", strict: "C", published: "C"),
            Case(" (C)", strict: "C", published: "C"),
            Case("c)", strict: "C", published: nil),
            Case("The Answer is C", strict: "C", published: "A"),
            Case("C. Amoxicillin", strict: "C", published: "A"),
            Case("C Amoxicillin", strict: "C", published: "A"),
            Case("**D**", strict: "D", published: "D"),
            Case("the answer is A because of the fever", strict: "A", published: "A"),
            Case("Answer: (D) Ciprofloxacin", strict: "D", published: "A"),
            Case("Answer: A beta blocker helps", strict: nil, published: "A"),
            Case("A patient with vitamin C deficiency", strict: nil, published: "A"),
            Case("hepatitis B", strict: nil, published: "B"),
            Case("B12 deficiency", strict: nil, published: "B"),
            Case("I would choose E.", strict: "E", published: "E"),
            Case("It must be the second (B), clearly", strict: "B", published: "B"),
            Case("B\n\nQuestion: and now? Answer: D", strict: "B", published: "A"),
            Case("F", strict: nil, published: nil),
            Case("D-dimer", strict: nil, published: "D"),
            Case("option b", strict: nil, published: nil),
            Case("", strict: nil, published: nil),
        ])
    func optionLetters(_ sample: Case) {
        #expect(StrictLetterParser().parse(sample.output, labels: Self.letters) == sample.strict)
        let published = ScoringProfile.published.parser(for: .letter)
        #expect(published.parse(sample.output, labels: Self.letters) == sample.published)
    }

    @Test(
        "Longer names win, and parts of words are none",
        arguments: [
            Case("Neurosurgery", strict: "Neurosurgery", published: "Surgery"),
            Case("cosmetic /  plastic surgery", strict: "Cosmetic / Plastic Surgery", published: "Surgery"),
            Case("This is neurology.", strict: "Neurology", published: "Urology"),
            Case("Radiology", strict: "Radiology", published: "Radiology"),
        ])
    func names(_ sample: Case) {
        #expect(StrictWordParser().parse(sample.output, labels: Self.specialties) == sample.strict)
        let published = ScoringProfile.published.parser(for: .word)
        #expect(published.parse(sample.output, labels: Self.specialties) == sample.published)
    }

    @Test("List order decides in the authors' code, order of appearance under strict")
    func order() {
        let output = "a contradiction and no entailment"
        #expect(StrictWordParser().parse(output, labels: Self.relations) == "contradiction")
        #expect(
            ScoringProfile.published.parser(for: .word).parse(output, labels: Self.relations) == "entailment")
    }

    @Test("An E is an answer only where the item has one")
    func fourOptions() {
        #expect(StrictLetterParser().parse("E", labels: ["A", "B", "C", "D"]) == nil)
        #expect(StrictLetterParser().parse("E", labels: Self.letters) == "E")
    }
}
