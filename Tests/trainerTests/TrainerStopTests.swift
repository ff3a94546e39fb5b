// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Messages
import TestSupport
import Testing

@Suite("trainer run is stopped in mid-training and leaves nothing", .timeLimit(.minutes(2)))
struct TrainerStopTests {
    @Test(arguments: [SIGINT, SIGTERM])
    func aSignalEndsIt(number: Int32) async throws {
        let language = try TinyLanguage.shared()
        let desk = try ServiceDesk()
        try desk.copy(language["corpus"], to: "corpus")
        func job(_ steps: Int64) throws -> String {
            try desk.job(
                .trainPretrain,
                [
                    "model": ["configuration": TinyLanguage.configuration, "seed": 5], "dataset": "corpus/dataset",
                    "output": "made", "recipe": ["maxSteps": .integer(steps), "accumulation": 1, "checkpointEvery": 5],
                ])
        }
        let before = desk.contents()
        let arguments = try ["run", job(100_000), "--out", desk.folder.appending(path: "result.json").path]
        let process = try ServiceProcess(arguments, name: "trainer", environment: desk.environment)
        #expect(try await ServiceProcess.wait { process.said.contains("train.pretrain: training") })
        process.signal(number)
        let outcome = try desk.outcome(process.finish(), .trainPretrain)
        #expect(outcome.status == 128 + number)
        #expect(outcome.errors == [])
        #expect(outcome.result?.status == .cancelled && outcome.result?.output == nil)
        #expect(desk.contents() == before)

        // The next run of the job starts clean.
        _ = try job(3)
        let again = try desk.outcome(
            ServiceProcess.run(arguments, name: "trainer", environment: desk.environment), .trainPretrain)
        #expect(again.status == 0 && again.errors == [])
        #expect(again.result?.output?["summary"]?["steps"] == 3)
        #expect(again.result?.output?["summary"]?["resumedFrom"] ?? .null == .null)
    }
}
