// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Tensors
import Testing

@testable import Training

@Suite("Optimizer, clipping and schedules equal plain double-precision arithmetic")
struct OptimizerGoldenTests {
    struct Goldens: Decodable {
        struct AdamWCase: Decodable {
            struct Step: Decodable {
                let gradient: [Double]
                let parameter: [Double]
                let first: [Double]
                let second: [Double]
            }

            let learningRate: Double
            let weightDecay: Double
            let beta1: Double
            let beta2: Double
            let epsilon: Double
            let start: [Double]
            let steps: [Step]
        }

        struct Clip: Decodable {
            let limit: Double
            let gradient: [Double]
            let norm: Double
            let coefficient: Double
        }

        struct Schedule: Decodable {
            let schedule: TrainingRecipe.Schedule
            let peak: Double
            let total: Int
            let warmup: Int
            let rates: [Double]
        }

        let adamw: [AdamWCase]
        let clip: [Clip]
        let schedules: [Schedule]
    }

    let goldens: Goldens

    init() throws {
        goldens = try OutsideData.fixtures.appending(path: "training/goldens.json").json()
    }

    @Test("AdamW within float32 rounding: 1e-5 relative to the largest element")
    func adamW() throws {
        for golden in goldens.adamw {
            try AdamWCheck.run(
                learningRate: golden.learningRate, weightDecay: golden.weightDecay, beta1: golden.beta1,
                beta2: golden.beta2, epsilon: golden.epsilon, start: golden.start, tolerance: 1e-5,
                steps: golden.steps.map { ($0.gradient, $0.parameter, $0.first, $0.second) })
        }
    }

    @Test("Norm and coefficient within 1e-6 relative")
    func clipping() throws {
        for golden in goldens.clip {
            let norm = GradientClipping.norm(of: try AdamWCheck.set(golden.gradient))
            #expect(abs(norm - golden.norm) <= 1e-6 * golden.norm)
            let coefficient = GradientClipping.coefficient(norm: norm, limit: golden.limit)
            #expect(abs(coefficient - golden.coefficient) <= 1e-6 * golden.coefficient)
        }
        #expect(GradientClipping.coefficient(norm: 100, limit: 0) == 1)
    }

    @Test("Rates within 1e-12 relative to the peak")
    func schedules() {
        for golden in goldens.schedules {
            let schedule = LearningRateSchedule(
                shape: golden.schedule, peak: golden.peak, warmupSteps: golden.warmup, totalSteps: golden.total)
            for (step, rate) in golden.rates.enumerated() {
                #expect(abs(schedule.rate(at: step) - rate) <= 1e-12 * golden.peak)
            }
        }
    }
}
