// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing
import Training

@Suite("Schedules equal the reference library's", .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct ScheduleOracleTests {
    struct Case: Decodable {
        let schedule: TrainingRecipe.Schedule
        let peakLr: Double
        let totalSteps: Int
        let warmupRatio: Double
        let warmupSteps: Int
        let lrUsedAtStep: [Double]
        let lrAfterLastStep: Double
    }

    @Test("Every rate within 1e-12 of the reference, relative to the peak")
    func rates() throws {
        let folders = OutsideData.folders(below: OutsideData.oracles) { $0.holds("schedules.json") }
        #expect(!folders.isEmpty)
        for folder in folders {
            let cases = try folder.appending(path: "schedules.json").snakeCaseJSON(as: [Case].self)
            #expect(!cases.isEmpty)
            for expected in cases {
                var overrides = TrainingRecipe.Overrides()
                overrides.learningRate = expected.peakLr
                overrides.schedule = expected.schedule
                overrides.warmupRatio = expected.warmupRatio
                let recipe = try TrainingRecipe(stage: .pretrain, overrides: overrides)
                let schedule = LearningRateSchedule(recipe: recipe, totalSteps: expected.totalSteps)
                #expect(schedule.warmupSteps == expected.warmupSteps)
                let rates = expected.lrUsedAtStep + [expected.lrAfterLastStep]
                for (step, rate) in rates.enumerated() {
                    #expect(abs(schedule.rate(at: step) - rate) <= 1e-12 * expected.peakLr)
                }
            }
        }
    }
}
