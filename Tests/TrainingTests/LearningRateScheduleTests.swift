// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing
import Training

@Suite("A schedule warms up from 0 and falls as its shape says")
struct LearningRateScheduleTests {
    @Test("Warm-up steps are the ratio of all steps, rounded up")
    func warmup() throws {
        var overrides = TrainingRecipe.Overrides()
        overrides.warmupRatio = 0.3
        let recipe = try TrainingRecipe(stage: .pretrain, overrides: overrides)
        #expect(LearningRateSchedule(recipe: recipe, totalSteps: 33).warmupSteps == 10)
        #expect(LearningRateSchedule(recipe: recipe, totalSteps: 1).warmupSteps == 1)
    }

    @Test("The first warm-up step has rate 0, the first after it the peak")
    func shapes() {
        for shape in TrainingRecipe.Schedule.allCases {
            let schedule = LearningRateSchedule(shape: shape, peak: 2, warmupSteps: 4, totalSteps: 8)
            #expect((0..<5).map(schedule.rate) == [0, 0.5, 1, 1.5, 2])
        }
        let constant = LearningRateSchedule(shape: .constant, peak: 2, warmupSteps: 0, totalSteps: 4)
        #expect((0..<4).map(constant.rate) == [2, 2, 2, 2])
        let linear = LearningRateSchedule(shape: .linear, peak: 2, warmupSteps: 0, totalSteps: 4)
        #expect((0..<4).map(linear.rate) == [2, 1.5, 1, 0.5])
        let cosine = LearningRateSchedule(shape: .cosine, peak: 2, warmupSteps: 0, totalSteps: 4)
        #expect(abs(cosine.rate(at: 2) - 1) < 1e-15)
        #expect(cosine.rate(at: 4) == 0)
    }
}
