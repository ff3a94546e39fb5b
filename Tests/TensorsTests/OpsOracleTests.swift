// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Tensors
import Testing

@Suite("Single operations equal PyTorch's float64", .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct OpsOracleTests {
    struct Case: Decodable {
        let eps: Double
        let x: [[Double]]
        let weight: [Double]
        let y: [[Double]]
        let dy: [[Double]]
        let dx: [[Double]]
        let dweight: [Double]
    }

    static let files = OutsideData.folders(below: OutsideData.oracles) { $0.holds("rmsnorm.json") }
        .map { $0.appending(path: "rmsnorm.json") }

    @Test("RMSNorm forward and backward where epsilon matters")
    func norm() throws {
        #expect(!Self.files.isEmpty)
        for file in Self.files {
            for oracle: Case in try file.json() as [Case] {
                let (rows, width) = (oracle.x.count, oracle.weight.count)
                let x = oracle.x.joined().map { Float($0) }
                let weight = oracle.weight.map { Float($0) }
                var y = [Float](repeating: 0, count: rows * width)
                var inverse = [Float](repeating: 0, count: rows)
                Kernels.rmsNorm(
                    x, weight: weight, into: &y, inverse: &inverse, rows: rows, width: width,
                    epsilon: Float(oracle.eps))
                expectClose(y, Array(oracle.y.joined()))
                var dx = [Float](repeating: 0, count: rows * width)
                var dweight = [Float](repeating: 0, count: width)
                var partial = [Float](repeating: 0, count: Kernels.normParts(rows) * width)
                Kernels.rmsNormBackward(
                    x, weight: weight, inverse: inverse, dy: oracle.dy.joined().map { Float($0) }, dx: &dx,
                    dweight: &dweight, rows: rows, width: width, partial: &partial)
                expectClose(dx, Array(oracle.dx.joined()))
                expectClose(dweight, oracle.dweight)
            }
        }
    }

    private func expectClose(_ got: [Float], _ want: [Double]) {
        let largest = want.map(abs).max() ?? 0
        #expect(zip(got, want).allSatisfy { abs(Double($0) - $1) <= 1e-6 * largest + 1e-30 })
        #expect(got.count == want.count)
    }
}
