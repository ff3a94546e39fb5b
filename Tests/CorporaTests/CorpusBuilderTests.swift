// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Synchronization
import Testing
import Tokenization

@testable import Corpora

@Suite("A corpus has what was asked, and says what it left out")
struct CorpusBuilderTests {
    /// Three sources of distinct short texts, with one duplicate, one empty and one contaminated document.
    private func sources(_ folder: String) throws -> [DocumentSource] {
        let counts: [(CorpusDomain, Int)] = [(.biomedical, 120), (.clinical, 12), (.general, 60)]
        return try counts.map { domain, count in
            var lines = (0..<count).map {
                "{\"text\":\"The \(domain.rawValue) text number \($0) says that the heart of patient \($0 * 7) is well.\"}"
            }
            if domain == .general {
                lines.append("{\"text\":\"the general, text: number 3 says that the heart of patient 21 is WELL\"}")
                lines.append("{\"text\":\" \\n\"}")
                lines.append("{\"text\":\"Is aspirin useful for the prevention of stroke? The evidence is here.\"}")
            }
            let path = try write(lines.joined(separator: "\n"), to: "\(folder)/\(domain.rawValue).jsonl")
            return DocumentSource(name: "our-\(domain.rawValue)", domain: domain, path: path, format: .jsonl)
        }
    }

    private func options(_ folder: String, tokens: Int? = 12_000, length: Int = 64) throws -> CorpusOptions {
        let benchmark = try write(
            "{\"question\":\"Is aspirin useful for the prevention of stroke?\"}", to: folder + "/benchmark.jsonl")
        return CorpusOptions(
            sources: try sources(folder), tokens: tokens, sequenceLength: length, seed: 5, holdout: 0.1,
            decontaminate: [BenchmarkSource(task: "medqa", path: benchmark)])
    }

    @Test("tokens by domain are exactly 15 : 1 : 4, and what was dropped is counted")
    func build() throws {
        try withTemporaryFolder { folder in
            let tokenizer = try fixtureTokenizer()
            let summary = try CorpusBuilder.build(options(folder), tokenizer: tokenizer, output: folder + "/out")
            #expect(summary.tokens == 12_000)
            #expect(summary.tokensByDomain == [.biomedical: 9000, .clinical: 600, .general: 2400])
            #expect(summary.tokensBySource == ["our-biomedical": 9000, "our-clinical": 600, "our-general": 2400])
            #expect(
                summary.dropped == [
                    .init(source: "our-general", reason: .contaminated, count: 1),
                    .init(source: "our-general", reason: .duplicate, count: 1),
                    .init(source: "our-general", reason: .empty, count: 1),
                ])
            #expect(summary.heldOutDocuments[.biomedical] == 12)
            #expect(summary.heldOutDocuments[.clinical] == 1)
            #expect(summary.documents["our-biomedical"] == 108)
            #expect((summary.repeated[.biomedical] ?? 0) > 1)

            let dataset = try TokenDataset.load(path: summary.dataset)
            try dataset.verify()
            #expect(dataset.tokenizerDigest == tokenizer.digest)
            var tokens = 0
            for index in 0..<dataset.count {
                let row = try dataset.sequence(index)
                tokens += row.ids.count
                #expect(row.labels == row.ids)
                for t in row.ids.indices.dropFirst() {
                    #expect((row.segments[t] != row.segments[t - 1]) == (row.ids[t] == 1), "a segment begins with BOS")
                }
            }
            #expect(tokens == 12_000)
            let parts = try FileManager.default.contentsOfDirectory(atPath: folder + "/out").sorted()
            #expect(parts == ["dataset", "held-out"], "the spool is gone")
        }
    }

    @Test("held-out rows spell their documents, and no training row has one")
    func heldOut() throws {
        try withTemporaryFolder { folder in
            let tokenizer = try fixtureTokenizer()
            let summary = try CorpusBuilder.build(
                options(folder, length: 24), tokenizer: tokenizer, output: folder + "/out")
            let heldOut = try TokenDataset.load(path: try #require(summary.heldOut[.biomedical]))
            var texts: [String] = []
            var ids: [TokenID] = []
            var bytes = 0
            for index in 0..<heldOut.count {
                let row = try heldOut.sequence(index)
                #expect(row.ids.first == 1)
                ids += row.ids.dropFirst()
                bytes += row.textBytes
                if ids.last == 2 {
                    texts.append(tokenizer.decode(ids))
                    ids = []
                }
            }
            #expect(texts.count == 12 && texts.allSatisfy { $0.hasPrefix("The biomedical text number ") })
            #expect(bytes == texts.reduce(0) { $0 + $1.utf8.count }, "bytes of the rows are bytes of the text")

            let training = try TokenDataset.load(path: summary.dataset)
            var stream: [TokenID] = []
            for index in 0..<training.count {
                let row = try training.sequence(index)
                if row.domain == .biomedical { stream += row.ids }
            }
            let seen = Set(tokenizer.decode(stream.map { $0 == 2 ? 13 : $0 }).split(separator: "\n").map(String.init))
            #expect(seen.count > 100)
            for text in texts { #expect(!seen.contains { $0.contains(text) }) }
        }
    }

    @Test("the same input gives the same bytes, another seed another order")
    func determinism() throws {
        try withTemporaryFolder { folder in
            let tokenizer = try fixtureTokenizer()
            var options = try options(folder)
            let digests = try (0..<3).map { number in
                if number == 2 { options.seed = 6 }
                let summary = try CorpusBuilder.build(options, tokenizer: tokenizer, output: folder + "/\(number)")
                return try TokenDataset.load(path: summary.dataset).digest
            }
            #expect(digests[0] == digests[1])
            #expect(digests[0] != digests[2])
        }
    }

    @Test("the same documents are held out when another domain or benchmark is beside them")
    func stableHoldout() throws {
        try withTemporaryFolder { folder in
            let tokenizer = try fixtureTokenizer()
            let all = try CorpusBuilder.build(options(folder), tokenizer: tokenizer, output: folder + "/all")
            var alone = try options(folder, tokens: nil)
            alone.sources.removeAll { $0.domain != .general }
            alone.mix = [.general: 1]
            alone.decontaminate = []
            let general = try CorpusBuilder.build(alone, tokenizer: tokenizer, output: folder + "/alone")
            func rows(_ summary: CorpusSummary) throws -> Set<[TokenID]> {
                let dataset = try TokenDataset.load(path: try #require(summary.heldOut[.general]))
                return Set(try (0..<dataset.count).map { try dataset.sequence($0).ids })
            }
            let (subset, whole) = (try rows(all), try rows(general))
            #expect(subset.isSubset(of: whole))
            #expect(general.repeated == [.general: 1])
        }
    }

    @Test("a cancelled or failed build leaves nothing behind")
    func cancellation() throws {
        try withTemporaryFolder { folder in
            let tokenizer = try fixtureTokenizer()
            let steps = Mutex(0)
            let control = BuildControl(
                progress: { _ in steps.withLock { $0 += 1 } }, isCancelled: { steps.withLock { $0 > 2 } })
            let options = try options(folder)
            let error = #expect(throws: CorporaError.self) {
                try CorpusBuilder.build(options, tokenizer: tokenizer, output: folder + "/out/deep", control: control)
            }
            #expect(error?.code == .cancelled)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/out").isEmpty)
            var greedy = options
            greedy.tokens = 10_000_000
            #expect(throws: CorporaError.self) {
                try CorpusBuilder.build(greedy, tokenizer: tokenizer, output: folder + "/greedy")
            }
            #expect(!FileManager.default.fileExists(atPath: folder + "/greedy"))
            try write("x", to: folder + "/out/file")
            #expect(throws: CorporaError.self) {
                try CorpusBuilder.build(options, tokenizer: tokenizer, output: folder + "/out")
            }
        }
    }

    @Test("options that contradict each other are refused before anything is read")
    func configuration() throws {
        try withTemporaryFolder { folder in
            let good = try options(folder)
            func code(_ change: (inout CorpusOptions) -> Void) -> CorporaError.Code? {
                var options = good
                change(&options)
                return #expect(throws: CorporaError.self) { try options.validate() }?.code
            }
            #expect(code { $0.mix = [.general: 1] } == .configuration)
            #expect(code { $0.sources.removeFirst() } == .configuration)
            #expect(code { $0.sources[1].name = $0.sources[0].name } == .configuration)
            #expect(code { $0.tokens = 10 } == .configuration)
            #expect(code { $0.holdout = 0.9 } == .configuration)
            #expect(code { $0.mix = [.general: .nan] } == .configuration)
        }
    }
}
