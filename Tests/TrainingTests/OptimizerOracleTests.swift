// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Tensors
import Testing

@testable import Training

@Suite("AdamW and clipping equal PyTorch's", .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct OptimizerOracleTests {
    struct AdamWCase: Decodable {
        struct Step: Decodable {
            let grad: [Double]
            let param: [Double]
            let expAvg: [Double]
            let expAvgSq: [Double]
        }

        let lr: Double
        let weightDecay: Double
        let betas: [Double]
        let eps: Double
        let start: [Double]
        let steps: [Step]
    }

    struct Clip: Decodable {
        let maxNorm: Double
        let grads: [[Double]]
        let norm: Double
        let clipped: [[Double]]
    }

    @Test("Parameters and moments within 1e-6 relative after every step")
    func adamW() throws {
        let folders = OutsideData.folders(below: OutsideData.oracles) { $0.holds("adamw.json") }
        #expect(!folders.isEmpty)
        for folder in folders {
            for expected in try folder.appending(path: "adamw.json").snakeCaseJSON(as: [AdamWCase].self) {
                try AdamWCheck.run(
                    learningRate: expected.lr, weightDecay: expected.weightDecay, beta1: expected.betas[0],
                    beta2: expected.betas[1], epsilon: expected.eps, start: expected.start, tolerance: 1e-6,
                    steps: expected.steps.map { ($0.grad, $0.param, $0.expAvg, $0.expAvgSq) })
            }
        }
    }

    @Test("Norms and clipped gradients within 1e-6 relative")
    func clipping() throws {
        let folders = OutsideData.folders(below: OutsideData.oracles) { $0.holds("clip.json") }
        #expect(!folders.isEmpty)
        for folder in folders {
            for expected in try folder.appending(path: "clip.json").snakeCaseJSON(as: [Clip].self) {
                let gradients = expected.grads.flatMap { $0 }
                let norm = GradientClipping.norm(of: try AdamWCheck.set(gradients))
                #expect(abs(norm - expected.norm) <= 1e-6 * expected.norm)
                let coefficient = GradientClipping.coefficient(norm: norm, limit: expected.maxNorm)
                for (gradient, clipped) in zip(gradients, expected.clipped.flatMap { $0 }) {
                    #expect(abs(gradient * coefficient - clipped) <= 1e-6 * max(abs(clipped), 1e-3))
                }
            }
        }
    }
}
