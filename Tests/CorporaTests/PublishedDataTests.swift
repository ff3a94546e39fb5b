// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing
import Tokenization

@testable import Corpora

@Suite(
    "Public data become a corpus and an instruction dataset",
    .enabled(if: OutsideData.data != nil, "no public data: set MELLAMA_DATA"))
struct PublishedDataTests {
    @Test("PubMedQA, Hallmarks of Cancer, notes and Alpaca in 15 : 1 : 4")
    func corpus() throws {
        let data = try #require(OutsideData.data)
        try withTemporaryFolder { folder in
            let notes = (0..<40).map {
                "Note \($0). The patient is well on day \($0); no fever, blood pressure normal."
            }
            let notesPath = try write(notes.joined(separator: "\n"), to: folder + "/notes.txt")
            func source(
                _ name: String, _ domain: CorpusDomain, _ format: DocumentFormat, _ records: Range<Int>? = nil
            ) -> DocumentSource {
                DocumentSource(
                    name: name, domain: domain, path: data.appending(path: name).path, format: format, records: records)
            }
            let options = CorpusOptions(
                sources: [
                    source("pubmedqa/pqal_dev.json", .biomedical, .pubmedqa, 0..<400),
                    source("hoc/*.tsv", .biomedical, .hoc),
                    DocumentSource(name: "notes", domain: .clinical, path: notesPath, format: .lines),
                    source("alpaca/alpaca_en_demo.json", .general, .alpaca),
                ],
                tokens: 200_000, sequenceLength: 256, seed: 1, holdout: 0.05,
                decontaminate: [
                    BenchmarkSource(
                        task: "pubmedqa", path: data.appending(path: "pubmedqa/pqal_dev.json").path, records: 400..<500),
                    BenchmarkSource(task: "medqa", path: data.appending(path: "medqa/us_5options_dev.jsonl").path),
                    BenchmarkSource(task: "mmlu", path: data.appending(path: "mmlu/test/*.csv").path),
                ], maximumRepetitions: 100)
            let tokenizer = try TokenizerFile.load(path: data.appending(path: "stories260k").path)
            let summary = try CorpusBuilder.build(options, tokenizer: tokenizer, output: folder + "/out")
            #expect(summary.tokensByDomain == [.biomedical: 150_000, .clinical: 10_000, .general: 40_000])
            #expect(summary.benchmarkTexts > 1500)
            let dropped = summary.dropped.reduce(0) { $0 + $1.count }
            #expect(dropped < 60, "few documents are duplicates or contaminated")
            let dataset = try TokenDataset.load(path: summary.dataset)
            #expect(dataset.vocabularySize == 512 && dataset.sequenceLength == 256)
            for index in 0..<dataset.count { _ = try dataset.sequence(index) }
        }
    }

    @Test("WikiDoc and Alpaca under their prompts")
    func instructions() throws {
        let data = try #require(OutsideData.data)
        try withTemporaryFolder { folder in
            let options = InstructionOptions(
                sources: [
                    InstructionSource(
                        name: "wikidoc", format: .wikidoc,
                        path: data.appending(path: "wikidoc/wikidoc_patient_3000.json").path, limit: 600),
                    InstructionSource(
                        name: "alpaca", format: .alpaca, path: data.appending(path: "alpaca/alpaca_en_demo.json").path,
                        limit: 300),
                ], sequenceLength: 512, seed: 1)
            let tokenizer = try TokenizerFile.load(path: data.appending(path: "stories260k").path)
            let summary = try InstructionBuilder.build(options, tokenizer: tokenizer, output: folder + "/out")
            let left = summary.samples.values.reduce(0, +)
            #expect(left + summary.dropped.reduce(0) { $0 + $1.count } == 900)
            #expect(left > 150)
            let dataset = try TokenDataset.load(path: folder + "/out")
            let trained = try (0..<dataset.count).reduce(0) { $0 + (try dataset.sequence($1).trainedTokens) }
            #expect(trained == summary.answerTokens.values.reduce(0, +))
        }
    }
}
