// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing
import Training

@Suite("Schedules equal the reference library's", .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct ScheduleOracleTests {
    struct Case: Decodable {
        let schedule: TrainingRecipe.Schedule
        let peak_lr: Double
        let total_steps: Int
        let warmup_ratio: Double
        let warmup_steps: Int
        let lr_used_at_step: [Double]
        let lr_after_last_step: Double
    }

    @Test("Every rate within 1e-12 of the reference, relative to the peak")
    func rates() throws {
        let folders = OutsideData.folders(below: OutsideData.oracles) { $0.holds("schedules.json") }
        #expect(!folders.isEmpty)
        for folder in folders {
            let cases = try folder.appending(path: "schedules.json").json(as: [Case].self)
            #expect(!cases.isEmpty)
            for expected in cases {
                var overrides = TrainingRecipe.Overrides()
                overrides.learningRate = expected.peak_lr
                overrides.schedule = expected.schedule
                overrides.warmupRatio = expected.warmup_ratio
                let recipe = try TrainingRecipe(stage: .pretrain, overrides: overrides)
                let schedule = LearningRateSchedule(recipe: recipe, totalSteps: expected.total_steps)
                #expect(schedule.warmupSteps == expected.warmup_steps)
                let rates = expected.lr_used_at_step + [expected.lr_after_last_step]
                for (step, rate) in rates.enumerated() {
                    #expect(abs(schedule.rate(at: step) - rate) <= 1e-12 * expected.peak_lr)
                }
            }
        }
    }
}
