// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels
import Testing

@Suite("Loops of a model that answers")
struct ServingLoopTests {
    private func closeTo(_ got: [Float], _ want: [Float], _ limit: Float = 2e-6) -> Bool {
        let most = want.map(abs).max() ?? 0
        return got.count == want.count && zip(got, want).allSatisfy { abs($0 - $1) <= limit * max(most, 1e-6) }
    }

    @Test("as the plain formulas", arguments: [1, 5, 63, 64, 65, 768])
    func formulas(_ n: Int) {
        let (x, w) = (numbers(n, seed: 1), numbers(n, seed: 2))
        var (y, want, inverse) = ([Float](repeating: 0, count: n), [Float](repeating: 0, count: n), Float(0))
        ck_serving_norm(x, w, &y, n, 1e-5)
        ck_reference_rms_norm(x, w, &want, &inverse, 1, n, 1e-5)
        #expect(closeTo(y, want))
        var gateUp = [Float](repeating: .nan, count: (n + 31) / 32 * 64)
        for i in 0..<n {
            gateUp[i / 32 * 64 + i % 32] = x[i]
            gateUp[i / 32 * 64 + 32 + i % 32] = w[i]
        }
        ck_serving_swiglu(gateUp, &y, n)
        ck_reference_swiglu(x, w, &want, n)
        #expect(closeTo(y, want))
        (y, want) = (x, x.map { $0 * 0.25 })
        ck_serving_softmax(&y, 0.25, 0, n, n)
        ck_reference_softmax(&want, n)
        #expect(closeTo(y, want))
        let (cosine, sine) = (numbers(n, seed: 3), numbers(n, seed: 4))
        (y, want) = (numbers(6 * n, seed: 5), numbers(6 * n, seed: 5))
        ck_serving_rope(&y, cosine, sine, 3, n)
        ck_reference_rope(&want, 6 * n, cosine, sine, 1, 3, n, 1)
        #expect(closeTo(y, want))
    }

    @Test("the softmax of a stretch does not depend on what lies around it")
    func masks() {
        let x = numbers(200, seed: 6)
        for (first, n) in [(0, 1), (0, 40), (3, 130), (64, 65), (100, 200)] {
            var alone = x
            ck_serving_softmax(&alone, 0.5, first, n, n)
            var padded = x.enumerated().map { first..<n ~= $0.offset ? $0.element : .nan }
            ck_serving_softmax(&padded, 0.5, first, n, 200)
            #expect(Array(padded[first..<n]) == Array(alone[first..<n]))
            let around = Array(padded[..<first] + padded[n...])
            #expect(around == [Float](repeating: 0, count: around.count))
        }
    }

    @Test("what is no number stays none")
    func notNumbers() {
        var x: [Float] = [1, .nan, 3]
        ck_serving_softmax(&x, 1, 0, 3, 3)
        let all = x.allSatisfy(\.isNaN)
        #expect(all)
    }
}
