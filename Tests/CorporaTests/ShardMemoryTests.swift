// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Corpora

@Suite("However large its files are, a dataset keeps a window of them in memory")
struct ShardMemoryTests {
    /// A folder with shards of rows of zeros, which take no room on disk.
    private func write(shards: Int, rows: Int, length: Int, to folder: String) throws {
        let header = TokenShard.Header(
            vocabularySize: 512, sequenceLength: length, isMasked: false, rows: rows, tokens: rows * length,
            segments: rows, textBytes: 0)
        var bytes = header.bytes
        for row in 0...rows {
            for value in [UInt64(row * length), UInt64(row)] {
                withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
            }
            // Of no domain, without text.
            for value in [UInt32.max, 0] { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
        }
        var parts: [DatasetManifest.Shard] = []
        for number in 0..<shards {
            let name = "shard-\(number).tokens"
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
            guard truncate("\(folder)/\(name)", header.fileBytes) == 0 else { throw POSIXError(.EIO) }
            parts.append(.init(file: name, digest: "", sequences: rows, bytes: header.fileBytes))
        }
        var counts = DatasetManifest.Counts()
        (counts.sequences, counts.tokens) = (shards * rows, shards * rows * length)
        let manifest = DatasetManifest(
            tokenizerDigest: "", vocabularySize: 512, sequenceLength: length, packing: .documents, counts: counts,
            domains: [:], sources: [:], shards: parts)
        try JSONEncoder().encode(manifest).write(to: URL(filePath: "\(folder)/\(DatasetManifest.fileName)"))
    }

    /// What this process has of a folder's files in memory, in bytes: other tests map files of their own meanwhile.
    private func resident(_ folder: String) throws -> Int {
        var kibibytes = 0
        var isOurs = false
        // Read to its end: a file of /proc has no size, and String(contentsOfFile:) takes its first page only.
        let maps = try FileHandle(forReadingAtPath: "/proc/self/smaps")?.readToEnd() ?? Data()
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            // A mapping's first line has its addresses, rights and file; the others have a name and a colon.
            if line.contains(" r--p ") || line.contains("-p ") || line.contains("-s ") {
                isOurs = line.contains(folder)
            }
            guard isOurs, line.hasPrefix("Rss:") else { continue }
            kibibytes += line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        }
        return kibibytes * 1024
    }

    @Test("256 MB, read in order and at random, never hold more than the window")
    func window() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "shards-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try write(shards: 4, rows: 16_384, length: 2_048, to: folder)
        let dataset = try TokenDataset(folder: folder)
        #expect(dataset.count == 65_536)
        #expect(try resident(folder) < 1 << 20, "opening reads every row table and keeps none")
        var most = 0
        func check(_ step: Int) throws {
            if step % 512 == 0 { most = max(most, try resident(folder)) }
        }
        for index in 0..<dataset.count {
            #expect(try dataset.sequence(index).ids.count == 2_048)
            try check(index)
        }
        // A step through all rows that is far from their order.
        for index in 0..<dataset.count {
            _ = try dataset.sequence(index * 40_503 % dataset.count)
            try check(index)
        }
        for index in 0..<dataset.count {
            _ = try dataset.length(index * 40_503 % dataset.count)
            try check(index)
        }
        #expect(most > 1 << 18 && most <= ShardWindow.limit + 1 << 20, "\(most >> 10) KB")
    }

    @Test("48 MB of JSON Lines, opened, read in order and at random, never hold more than the window")
    func lines() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "lines-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/tokens.jsonl"
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        let file = try #require(FileHandle(forWritingAtPath: path))
        let spaces = String(repeating: " ", count: 64 << 10)
        for row in 0..<768 {
            try file.write(contentsOf: Data("{\"input_ids\": [\(row), 1],\(spaces)\"labels\": [-100, 1]}\n".utf8))
        }
        try file.close()
        let dataset = try TokenDataset(tokensFile: path)
        #expect(dataset.count == 768 && dataset.sequenceLength == 2)
        #expect(try resident(folder) < 1 << 20, "opening reads every line and keeps none")
        var most = 0
        for index in 0..<2 * dataset.count {
            let row = index < dataset.count ? index : index * 331 % dataset.count
            #expect(try dataset.sequence(row).ids == [Int32(row), 1])
            #expect(try dataset.length(row) == 2)
            if index % 5 == 0 { most = max(most, try resident(folder)) }
        }
        #expect(most > 1 << 18 && most <= ShardWindow.limit + 4 << 20, "\(most >> 10) KB")
        #expect(throws: CorporaError.self) { try dataset.sequence(768) }
    }

    @Test("A file of tokens is the dataset that its rows in memory are")
    func same() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).jsonl").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let text =
            #"{"input_ids": [1, 5, 9], "labels": [-100, 5, 9], "domain": "clinical"}"# + "\n \n"
            + #"{"input_ids": [7]}"#
        try Data(text.utf8).write(to: URL(filePath: path))
        let rows = [
            TokenSequence(ids: [1, 5, 9], labels: [-100, 5, 9], domain: .clinical), TokenSequence(ids: [7]),
        ]
        let (read, held) = (try TokenDataset(tokensFile: path), try TokenDataset(rows: rows))
        #expect(read.digest == held.digest && read.sequenceLength == held.sequenceLength)
        #expect(try (0..<2).map(read.sequence) == rows)
    }
}
