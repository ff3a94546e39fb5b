// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels
import Testing

@Suite("The reference gradients are the derivatives of the formulas")
struct ReferenceGradientTests {
    private let x: [Double] = [0.3, -1.2, 0.8, 2.1, -0.4]
    private let weight: [Double] = [1.1, -0.7, 0.4, 0.9, 1.6]
    private let dy: [Double] = [0.5, -0.3, 1.2, 0.7, -0.9]

    /// The derivative of Σ dy·f(x) by every x, by central differences in double precision.
    private func derivative(_ at: [Double], _ f: ([Double]) -> [Double]) -> [Double] {
        at.indices.map { index in
            func value(_ step: Double) -> Double {
                var moved = at
                moved[index] += step
                return zip(dy, f(moved)).reduce(0) { $0 + $1.0 * $1.1 }
            }
            return (value(1e-5) - value(-1e-5)) / 2e-5
        }
    }

    private func close(_ got: [Float], _ want: [Double]) -> Bool {
        zip(got, want).allSatisfy { abs(Double($0) - $1) < 1e-6 }
    }

    private func single(_ values: [Double]) -> [Float] { values.map { Float($0) } }

    @Test("of RMSNorm") func norm() {
        func forward(_ x: [Double], _ weight: [Double]) -> [Double] {
            let scale = (x.reduce(0) { $0 + $1 * $1 } / Double(x.count) + 1e-3).squareRoot()
            return zip(x, weight).map { $0 / scale * $1 }
        }
        var (dx, dw) = ([Float](repeating: 0, count: 5), [Float](repeating: 0, count: 5))
        ck_reference_rms_norm_backward(single(x), single(weight), single(dy), &dx, &dw, 1, 5, 1e-3)
        #expect(close(dx, derivative(x) { forward($0, weight) }))
        #expect(close(dw, derivative(weight) { forward(x, $0) }))
    }

    @Test("of the gated activation") func swiglu() {
        func forward(_ gate: [Double], _ up: [Double]) -> [Double] {
            zip(gate, up).map { $0 / (1 + exponential(-$0)) * $1 }
        }
        var (dgate, dup) = ([Float](repeating: 0, count: 5), [Float](repeating: 0, count: 5))
        ck_reference_swiglu_backward(single(x), single(weight), single(dy), &dgate, &dup, 5)
        #expect(close(dgate, derivative(x) { forward($0, weight) }))
        #expect(close(dup, derivative(weight) { forward(x, $0) }))
    }

    @Test("of softmax") func softmax() {
        func forward(_ x: [Double]) -> [Double] {
            let e = x.map(exponential)
            let sum = e.reduce(0, +)
            return e.map { $0 / sum }
        }
        var ds = single(dy)
        ck_reference_softmax_backward(single(forward(x)), &ds, 5)
        #expect(close(ds, derivative(x, forward)))
    }

    @Test("of cross-entropy") func crossEntropy() {
        var gradient = single(x)
        let loss = ck_reference_cross_entropy(&gradient, 5, 2, 1)
        func value(_ x: [Double]) -> Double { logarithm(x.map(exponential).reduce(0, +)) - x[2] }
        #expect(abs(loss - value(single(x).map(Double.init))) < 1e-9)
        for index in x.indices {
            var (above, below) = (x, x)
            above[index] += 1e-5
            below[index] -= 1e-5
            #expect(abs(Double(gradient[index]) - (value(above) - value(below)) / 2e-5) < 1e-6)
        }
    }
}
