// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import MedicalBenchmark
import Messages
import TestSupport
import Testing

@testable import ServiceRuntime
@testable import evaluator

@Suite("Scores do not depend on how many items are asked together", .timeLimit(.minutes(2)))
struct EvaluatorBatchTests {
    private func rows(_ mode: String, batchSize: Int, on desk: ServiceDesk) async throws -> [EvaluationRow] {
        var settings = ServiceSettings()
        settings.artifacts = desk.store.path
        var handler = TaskHandler()
        handler.batchSize = batchSize
        let runner = LocalRunner(
            service: "evaluator", handlers: [handler], settings: settings, base: desk.folder.path, isQuiet: true)
        let (signals, _) = AsyncStream.makeStream(of: Int32.self)
        let job = try desk.job(
            .evaluateTask, EvaluatorJobTests.payload(["mode": .string(mode), "output": "rows.jsonl"]))
        let succeeded = try await runner.runFile(
            job, to: desk.folder.appending(path: "result.json").path, signals: signals)
        await runner.end()
        #expect(succeeded)
        let (rows, _) = try EvaluationRow.rows(
            fromJSONLines: Data(contentsOf: desk.folder.appending(path: "rows.jsonl")))
        #expect(rows.count == 6)
        return rows
    }

    @Test(arguments: ["generate", "loglikelihood", "constrained"])
    func rowsAreEqual(mode: String) async throws {
        let desk = try EvaluatorJobTests.desk()
        let together = try await rows(mode, batchSize: 16, on: desk)
        for size in [1, 4] {
            let apart = try await rows(mode, batchSize: size, on: desk)
            for (one, other) in zip(apart, together) {
                for (label, score) in one.scores ?? [:] {
                    #expect(abs(score - (other.scores?[label] ?? .nan)) <= 1e-6 * max(1, abs(score)))
                }
                var one = one
                one.scores = other.scores
                #expect(one == other)
            }
        }
    }
}
