// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels
import Testing

@Suite("Loops over bfloat16 are the float32 loops, rounded")
struct BFloat16LoopTests {
    static let sizes = [2, 7, 16, 33, 64, 100, 1000]

    private func narrowed(_ x: [Float]) -> [UInt16] {
        var y = [UInt16](repeating: 0, count: x.count)
        ck_narrow_rows(x, x.count, &y, x.count, 1, x.count)
        return y
    }

    private func widened(_ x: [UInt16]) -> [Float] { x.map { Float(bitPattern: UInt32($0) << 16) } }

    /// To half a unit in the last place of bfloat16, and a little for the float32 below it.
    private func rounded(_ got: [UInt16], _ want: [Float]) -> Bool {
        zip(widened(got), want).allSatisfy { abs($0 - $1) <= abs($1) * 0.0041 + 1e-6 }
    }

    @Test("norm, rotary embedding, gated activation", arguments: sizes)
    func forward(_ n: Int) {
        let (x, weight) = (numbers(3 * n, seed: 1), numbers(n, seed: 2))
        var (y, inverse) = ([Float](repeating: 0, count: 3 * n), [Float](repeating: 0, count: 3))
        var halves = [UInt16](repeating: 0, count: 3 * n)
        ck_rms_norm(x, weight, &y, &inverse, 3, n, 1e-5)
        var again = inverse
        ck_rms_norm_bf16(x, weight, &halves, &again, 3, n, 1e-5)
        #expect(rounded(halves, y) && again == inverse)

        let half = n
        let width = 2 * 2 * half + 3
        let (cosine, sine) = (numbers(2 * half, seed: 3), numbers(2 * half, seed: 4))
        let start = numbers(2 * width, seed: 5)
        var turned = start
        ck_rope(&turned, width, cosine, sine, 2, 2, half, -1)
        halves = [UInt16](repeating: 0, count: 2 * width)
        ck_rope_bf16(start, &halves, width, width, cosine, sine, 2, 2, half, -1)
        #expect(rounded(halves, turned))

        let (gate, up) = (narrowed(numbers(n, seed: 6, scale: 20)), narrowed(numbers(n, seed: 7)))
        let dy = numbers(n, seed: 8)
        y = [Float](repeating: 0, count: n)
        ck_swiglu(widened(gate), widened(up), &y, n)
        halves = [UInt16](repeating: 0, count: n)
        ck_swiglu_bf16(ck_path_plain, gate, up, &halves, n)
        #expect(rounded(halves, y))
        var (dgate, dup) = (y, y)
        ck_swiglu_backward(widened(gate), widened(up), dy, &dgate, &dup, n)
        var (dgateHalves, dupHalves) = (halves, halves)
        ck_swiglu_backward_bf16(ck_path_plain, gate, up, n, dy, n, &dgateHalves, &dupHalves, n, nil, 0, 1, n)
        #expect(rounded(dgateHalves, dgate) && rounded(dupHalves, dup))
        // By the instruction that rounds and without it, with the activation and without.
        for path in [ck_path_plain, ck_best_product_path()] {
            var (dgateAgain, dupAgain, activated) = (gate, gate, gate)
            ck_swiglu_backward_bf16(path, gate, up, n, dy, n, &dgateAgain, &dupAgain, n, &activated, n, 1, n)
            #expect(dgateAgain == dgateHalves && dupAgain == dupHalves && activated == halves)
            ck_swiglu_bf16(path, gate, up, &activated, n)
            #expect(activated == halves)
        }
    }

    @Test("softmax, its gradient and cross-entropy", arguments: sizes)
    func probabilities(_ n: Int) {
        let (scale, padded): (Float, Int) = (0.25, n + 3)
        let (x, dp) = (numbers(n, seed: 1, scale: 20), numbers(n, seed: 2))
        var (p, ds) = (x.map { $0 * scale }, dp)
        ck_softmax(&p, n)
        ck_softmax_backward(p, &ds, n)
        ds = ds.map { $0 * scale }
        var (scores, dScores) = (x, dp)
        var (halves, dHalves) = ([UInt16](repeating: 7, count: padded), [UInt16](repeating: 7, count: padded))
        ck_softmax_bf16(&scores, scale, &halves, n, padded)
        #expect(rounded(Array(halves[..<n]), p) && halves[n...].allSatisfy { $0 == 0 })
        let forward = halves
        scores = x
        ck_softmax_backward_bf16(&scores, &dScores, scale, &halves, &dHalves, n, padded)
        #expect(halves == forward, "the backward pass must see the probabilities of the forward pass")
        #expect(rounded(Array(dHalves[..<n]), ds) && dHalves[n...].allSatisfy { $0 == 0 })

        var (logits, want) = (x, x)
        var gradient = [UInt16](repeating: 0, count: n)
        let loss = ck_cross_entropy_bf16(&logits, n, n / 2, 0.125, &gradient)
        #expect(loss == ck_cross_entropy(&want, n, n / 2, 0.125))
        #expect(rounded(gradient, want))
    }

    @Test("dropout has the mask of float32")
    func dropout() {
        let n = 1000
        let x = narrowed(numbers(n, seed: 1))
        var (y, halves) = ([Float](repeating: 0, count: n), [UInt16](repeating: 0, count: n))
        ck_dropout(widened(x), &y, n, 11, 5, 1 << 30, 1.25)
        ck_dropout_bf16(x, &halves, n, 11, 5, 1 << 30, 1.25)
        #expect(rounded(halves, y) && zip(halves, y).allSatisfy { ($0 == 0) == ($1 == 0) })
    }
}
