// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing

@testable import Corpora

@Suite("A document with a benchmark's words is found")
struct DecontaminatorTests {
    private let question = "Does early treatment with the drug reduce the risk of a second event within one year of it?"

    @Test("thirteen words in a row count, whatever their case and punctuation; twelve do not")
    func thirteenWords() {
        var decontaminator = Decontaminator()
        decontaminator.add(question)
        func isFound(_ text: String) -> Bool { decontaminator.isContaminated(WordFingerprints(text)) }
        #expect(isFound("Before. DOES early treatment -- with the drug\nreduce the risk of a second (event) after."))
        #expect(isFound("the drug reduce the risk of a second event within one year of it, so."))
        #expect(!isFound("Does early treatment with the drug reduce the risk of a first event?"))
        #expect(!isFound(""))
    }

    @Test("a text of eight to twelve words counts whole, a shorter one not at all")
    func shortTexts() {
        var decontaminator = Decontaminator()
        decontaminator.add("Is aspirin useful for the prevention of stroke")
        decontaminator.add("Which is true?")
        #expect(decontaminator.used == 1 && decontaminator.unused == 1)
        #expect(
            decontaminator.isContaminated(
                WordFingerprints("We ask: is aspirin useful for the prevention of stroke in men? Which is true?")))
        #expect(!decontaminator.isContaminated(WordFingerprints("aspirin useful for the prevention of stroke")))
        #expect(!decontaminator.isContaminated(WordFingerprints("Which is true?")))
    }

    @Test("words are folded by scalars, also beyond ASCII")
    func folding() {
        #expect(WordFingerprints("ÉTÉ Größe β-Blocker").whole == WordFingerprints("été größe Β blocker").whole)
        #expect(WordFingerprints("ab c").whole != WordFingerprints("a bc").whole)
        #expect(WordFingerprints("...").words.isEmpty)
    }

    @Test("the texts of a benchmark come from its published layout")
    func layouts() throws {
        try withTemporaryFolder { folder in
            func texts(_ task: String, _ text: String) throws -> [String] {
                let path = try write(text, to: folder + "/data")
                var found: [String] = []
                try BenchmarkSource(task: task, path: path).forEachText { found.append($0) }
                return found
            }
            func expect(_ task: String, _ text: String, _ expected: [String]) throws {
                let found = try texts(task, text)
                #expect(found == expected)
            }
            try expect("pubmedqa", "{\"1\":{\"QUESTION\":\"q\",\"CONTEXTS\":[\"a\",\"b\"]}}", ["q", "a", "b"])
            try expect("medqa", "{\"question\":\"q\"}\n{\"question\":\"r\"}", ["q", "r"])
            try expect("mmlu", "\"q, \"\"x\"\"\",a,b,c,d,A\nr,a,b,c,d,B\n", ["q, \"x\"", "r"])
            try expect("hoc", "pmid\ttext\tlabels\n1\tt\tx\n", ["t"])
            try expect("mtsamples", "{\"text\":\"t\"}", ["t"])
            #expect(throws: CorporaError.self) { try texts("mtsamples", "{\"note\":\"t\"}") }
            #expect(throws: CorporaError.self) { try texts("medqa", "") }
        }
    }
}
