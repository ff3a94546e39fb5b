// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import MedicalBenchmark
import OracleSupport

/// The small data sets of our own writing, and files a test writes.
enum BenchmarkFixtures {
    static let folder = OutsideData.fixtures.appending(path: "benchmark")
    static let pubMedQA = folder.appending(path: "pubmedqa")
    static let mmlu = folder.appending(path: "mmlu")

    /// Runs `body` with a file of this content, and removes it afterwards.
    static func withFile<Result>(
        _ content: some Sequence<UInt8>, named name: String = "data.jsonl", _ body: (URL) throws -> Result
    ) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: name)
        try Data(content).write(to: file)
        return try body(file)
    }

    /// Runs `body` with a folder of these files (path → content), and removes it afterwards.
    static func withFolder<Result>(_ files: [String: String], _ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "benchmark-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for (path, content) in files {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(content.utf8).write(to: file)
        }
        return try body(folder)
    }

    /// The error that `body` ends in.
    static func error(_ body: () throws -> Void) -> BenchmarkError? {
        do {
            try body()
            return nil
        } catch {
            return error as? BenchmarkError
        }
    }

    /// An evaluation of the PubMedQA fixture.
    static func evaluation(
        limit: Int? = nil, settings: EvaluationSettings = EvaluationSettings()
    ) throws -> Evaluation {
        try Evaluation(
            task: PubMedQA(), data: pubMedQA, limit: limit, shotsData: pubMedQA.appending(path: "test_set.json"),
            settings: settings)
    }
}
