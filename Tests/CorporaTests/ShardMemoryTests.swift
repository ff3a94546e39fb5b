// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Corpora

@Suite("However large its shards are, a dataset keeps a window of them in memory")
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
}
