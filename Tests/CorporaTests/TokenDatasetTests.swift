// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Testing
import Tokenization

@testable import Corpora

@Suite("A dataset gives back the rows that were written")
struct TokenDatasetTests {
    static let rows = [
        TokenSequence(ids: [1, 5, 6, 2], domain: .biomedical, textBytes: 9),
        TokenSequence(
            ids: [1, 7, 2, 1, 8, 9], labels: [-100, 7, 2, -100, -100, 9], segments: [0, 0, 0, 1, 1, 1],
            domain: .clinical, textBytes: 4),
        TokenSequence(ids: [3]),
    ]

    static func write(_ rows: [TokenSequence], vocabularySize: Int, to folder: String) throws {
        let half = rows.count / 2
        var shards: [DatasetManifest.Shard] = []
        var counts = DatasetManifest.Counts()
        for (number, part) in [rows[..<half], rows[half...]].enumerated() {
            var writer = TokenShardWriter(vocabularySize: vocabularySize, sequenceLength: 8)
            for row in part {
                try writer.append(row)
                counts.add(row)
            }
            let (digest, bytes) = try writer.publish(path: "\(folder)/\(number).tokens")
            shards.append(.init(file: "\(number).tokens", digest: digest, sequences: part.count, bytes: bytes))
        }
        let manifest = DatasetManifest(
            tokenizerDigest: "sha256:0", vocabularySize: vocabularySize, sequenceLength: 8, packing: .isolated,
            counts: counts, domains: [.biomedical: counts], sources: [:], shards: shards)
        try PublishedFile.write(Array(try JSONEncoder().encode(manifest)), to: folder + "/dataset.json")
    }

    @Test("rows come back equal, with 2-byte and with 4-byte ids", arguments: [10, 1 << 16, 1 << 16 + 1, 128_256])
    func roundTrip(vocabularySize: Int) throws {
        try withTemporaryFolder { folder in
            var rows = Self.rows
            rows[2].ids = [TokenID(vocabularySize - 1)]
            rows[2].labels = rows[2].ids
            try Self.write(rows, vocabularySize: vocabularySize, to: folder)
            let dataset = try TokenDataset.load(path: folder)
            #expect(dataset.count == 3)
            #expect(dataset.vocabularySize == vocabularySize)
            for (index, row) in rows.enumerated() {
                #expect(try dataset.sequence(index) == row)
                #expect(try dataset.length(index) == row.ids.count)
            }
            try dataset.verify()
            #expect(throws: CorporaError.self) { try dataset.sequence(3) }
            #expect(throws: CorporaError.self) { try dataset.sequence(-1) }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(names == ["0.tokens", "1.tokens", "dataset.json"], "nothing half-written stays")
        }
    }

    @Test("trained tokens leave out the first of a segment and what is ignored")
    func trainedTokens() {
        #expect(Self.rows.map(\.trainedTokens) == [3, 3, 0])
    }

    @Test("a shard cut short or changed anywhere is refused or read within bounds")
    func hostileShards() throws {
        try withTemporaryFolder { folder in
            try Self.write(Self.rows, vocabularySize: 10, to: folder)
            let path = folder + "/1.tokens"
            let good = Array(try Data(contentsOf: URL(filePath: path)))
            for length in 0..<good.count {
                let cut = try MappedFile(contents: Array(good[..<length]), named: path)
                #expect(throws: CorporaError.self) { try TokenShard(file: cut) }
            }
            var random = SeededRandom(seed: 7)
            var refused = 0
            for _ in 0..<3000 {
                var bytes = good
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                do {
                    let shard = try TokenShard(file: MappedFile(contents: bytes, named: path))
                    for row in 0..<shard.count { _ = try shard.sequence(row) }
                } catch is CorporaError {
                    refused += 1
                }
            }
            #expect(refused > 1000)
        }
    }

    @Test("ids beyond the vocabulary are refused when written")
    func writerRefuses() throws {
        var writer = TokenShardWriter(vocabularySize: 5, sequenceLength: 4)
        #expect(throws: CorporaError.self) { try writer.append(TokenSequence(ids: [5])) }
        #expect(throws: CorporaError.self) { try writer.append(TokenSequence(ids: [1, 1, 1, 1, 1])) }
        #expect(throws: CorporaError.self) { try writer.append(TokenSequence(ids: [])) }
    }

    @Test("a JSON Lines file of input_ids is a dataset, and its mistakes name their line")
    func jsonLines() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/tokens.jsonl"
            try Data("{\"input_ids\":[1,2,3]}\n\n{\"input_ids\":[4,5],\"labels\":[-100,5]}\n".utf8)
                .write(to: URL(filePath: path))
            let dataset = try TokenDataset.load(path: path)
            #expect(dataset.count == 2)
            #expect(try dataset.sequence(0) == TokenSequence(ids: [1, 2, 3]))
            #expect(try dataset.sequence(1) == TokenSequence(ids: [4, 5], labels: [-100, 5]))
            for bad in ["{\"input_ids\":[1],\"labels\":[1,2]}", "{\"ids\":[1]}", "[", "{\"input_ids\":[-1]}"] {
                try Data("{\"input_ids\":[1]}\n\(bad)\n".utf8).write(to: URL(filePath: path))
                let error = #expect(throws: CorporaError.self) { try TokenDataset.load(path: path) }
                #expect(error?.description.contains("line 2") == true)
            }
            #expect(throws: CorporaError.self) { try TokenDataset.load(path: folder + "/absent") }
        }
    }
}
