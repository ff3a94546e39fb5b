// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import Messages
import Synchronization
import TestSupport
import Testing

@testable import Jobs

@Suite("The submission journal's files")
struct JournalFileTests {
    @Test("CRC-32C of the standard's example")
    func checksum() {
        #expect(CRC32C.of("123456789".utf8) == 0xE306_9283)
        #expect(CRC32C.of([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    }

    @Test("What was appended is read back in order, by the next process too; only this user may read it")
    func roundTrip() async throws {
        try await JournalFolderFixture.with { folder in
            let journal = try await SubmissionJournal.open(folder: folder, logger: .quiet)
            var sent: [JournalRecord] = []
            for index in 0..<20 {
                var record = journal.draft(.job)
                record.job = JobID("j\(index)")
                try await journal.append([JournalFrame(record, body: Array("{\"n\":\"two\nlines \(index)\"}".utf8))])
                sent.append(record)
            }
            #expect(try await JournalFolderFixture.records(journal) == sent)
            await journal.close()
            let second = try await SubmissionJournal.open(folder: folder, logger: .quiet)
            #expect(try await JournalFolderFixture.records(second) == sent)
            #expect(second.draft(.job).entry > sent.map(\.entry).max() ?? 0)
            await second.close()
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
                #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
            }
            let attributes = try FileManager.default.attributesOfItem(atPath: folder)
            #expect(attributes[.posixPermissions] as? Int == 0o700)
        }
    }

    @Test("Cut at any byte, the journal keeps what is whole, and goes on", arguments: [1, 2, 3, 4, 5])
    func tornTail(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        try await JournalFolderFixture.with { folder in
            var sizes: [Int] = []
            let journal = try await SubmissionJournal.open(folder: folder, logger: .quiet)
            for index in 0..<10 {
                var record = journal.draft(.job)
                record.job = JobID("j\(index)")
                let frame = JournalFrame(
                    record, body: [UInt8](repeating: 120, count: .random(in: 1...300, using: &random)))
                sizes.append(try frame.bytes().count)
                try await journal.append([frame])
            }
            await journal.close()
            let file = "\(folder)/000000000001.journal"
            let kept = Int.random(in: 0...sizes.reduce(0, +), using: &random)
            #expect(truncate(file, kept) == 0)
            if seed % 2 == 0 {
                // A file system may leave zeros where bytes were to come.
                let handle = try FileHandle(forWritingTo: URL(filePath: file))
                try handle.seekToEnd()
                try handle.write(contentsOf: Data(repeating: 0, count: 77))
                try handle.close()
            }
            var whole = 0
            var end = 0
            while whole < sizes.count, end + sizes[whole] <= kept {
                end += sizes[whole]
                whole += 1
            }
            let second = try await SubmissionJournal.open(folder: folder, logger: .quiet)
            #expect(try await JournalFolderFixture.records(second).count == whole)
            try await second.append([JournalFrame(second.draft(.cancel))])
            await second.close()
            let third = try await SubmissionJournal.open(folder: folder, logger: .quiet)
            #expect(try await JournalFolderFixture.records(third).count == whole + 1)
            await third.close()
        }
    }

    @Test("A flipped bit ends what is read of its segment")
    func flippedBit() async throws {
        try await JournalFolderFixture.with { folder in
            let journal = try await SubmissionJournal.open(folder: folder, logger: .quiet)
            for _ in 0..<3 { try await journal.append([JournalFrame(journal.draft(.cancel))]) }
            await journal.close()
            let file = URL(filePath: "\(folder)/000000000001.journal")
            var bytes = try Data(contentsOf: file)
            bytes[bytes.count / 2] ^= 4
            try bytes.write(to: file)
            let second = try await SubmissionJournal.open(folder: folder, logger: .quiet)
            #expect(try await JournalFolderFixture.records(second).count == 1)
            await second.close()
        }
    }

    @Test("50 who wait at once share syncs")
    func groupSync() async throws {
        try await JournalFolderFixture.with { folder in
            let journal = try await SubmissionJournal.open(folder: folder, logger: .quiet)
            try await withThrowingTaskGroup { group in
                for _ in 0..<50 {
                    group.addTask {
                        for _ in 0..<20 { try await journal.append([JournalFrame(journal.draft(.job))]) }
                    }
                }
                try await group.waitForAll()
            }
            let figures = journal.figures
            #expect(figures.records == 1000)
            #expect(figures.synchronizations < figures.records / 2, "\(figures)")
            #expect(try await JournalFolderFixture.records(journal).count == 1000)
            await journal.close()
        }
    }

    @Test("A second process is kept out, and told why")
    func secondProcess() async throws {
        try await JournalFolderFixture.with { folder in
            let journal = try await SubmissionJournal.open(folder: folder, logger: .quiet)
            let error = await #expect(throws: JobError.self) {
                try await SubmissionJournal.open(folder: folder, logger: .quiet)
            }
            #expect(error?.detail.contains("another gateway") == true)
            await journal.close()
            await #expect(throws: JobError.self) { try await journal.append([JournalFrame(journal.draft(.job))]) }
        }
    }

    @Test("Segments are closed by size and age, and dropped by the age of their last record")
    func retention() async throws {
        try await JournalFolderFixture.with { folder in
            let clock = ManualClock()
            var options = JournalOptions()
            options.segmentBytes = 500
            let journal = try await SubmissionJournal.open(
                folder: folder, options: options, logger: .quiet, clock: { clock.now })
            for _ in 0..<10 {
                try await journal.append([JournalFrame(journal.draft(.job), body: [UInt8](repeating: 120, count: 100))])
                clock.advance(by: .seconds(60))
            }
            #expect(try JournalFolderFixture.segments(folder) > 2)
            await journal.maintain(dropBefore: clock.now - 600_000)
            #expect(try await JournalFolderFixture.records(journal).count == 10)
            await journal.maintain(dropBefore: clock.now - 200_000)
            let left = try await JournalFolderFixture.records(journal)
            #expect(left.count >= 3 && left.count <= 5, "\(left.count)")
            clock.advance(by: .seconds(3600))
            await journal.maintain(dropBefore: clock.now - 600_000)
            #expect(try JournalFolderFixture.segments(folder) == 0)
            await journal.close()
        }
    }

    @Test("What is erased is on the disk no more, and the rest still is")
    func erase() async throws {
        try await JournalFolderFixture.with { folder in
            let journal = try await SubmissionJournal.open(folder: folder, logger: .quiet)
            for index in 0..<6 {
                var record = journal.draft(.job)
                record.job = JobID("j\(index)")
                try await journal.append([JournalFrame(record, body: Array("\"canary-\(index)\"".utf8))])
            }
            try await journal.erase { $0.job == "j2" || $0.job == "j5" }
            try await journal.append([JournalFrame(journal.draft(.cancel))])
            var text = ""
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name != "lock" {
                text += String(decoding: try Data(contentsOf: URL(filePath: "\(folder)/\(name)")), as: UTF8.self)
            }
            #expect((0..<6).filter { text.contains("canary-\($0)") } == [0, 1, 3, 4])
            #expect(try await JournalFolderFixture.records(journal).count == 5)
            await journal.close()
        }
    }

    @Test("A folder that can't be made is an error that names it")
    func badFolder() async throws {
        let error = await #expect(throws: JobError.self) {
            try await SubmissionJournal.open(folder: "/proc/none/journal", logger: .quiet)
        }
        #expect(error?.code == .unavailable)
        #expect(error?.detail.contains("/proc/none") == true)
    }
}

/// A folder for one journal, removed after the body.
enum JournalFolderFixture {
    static func with<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.path + "/journal-\(UInt64.random(in: .min ... .max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(folder)
    }

    static func records(_ journal: SubmissionJournal) async throws -> [JournalRecord] {
        let found = Mutex<[JournalRecord]>([])
        try await journal.read { (frame, _) throws(JobError) in found.withLock { $0.append(frame.record) } }
        return found.withLock { $0 }
    }

    static func segments(_ folder: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".journal") }.count
    }
}

/// SplitMix64 (Steele and others, 2014), so that a test that fails can be run again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
