// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Training

@Suite("A plan covers every sample of every epoch once, in an order that seed and epoch decide")
struct TrainingPlanTests {
    @Test("Windows cover an epoch without gap or overlap, the last one with what is left")
    func windows() throws {
        for (samples, microBatch, accumulation) in [(22, 2, 3), (1, 4, 4), (24, 2, 3), (7, 7, 1), (5, 1, 2)] {
            let recipe = try TinyRun.recipe(epochs: 2) {
                ($0.microBatch, $0.accumulation) = (microBatch, accumulation)
            }
            let plan = TrainingPlan(sampleCount: samples, recipe: recipe)
            #expect(plan.totalSteps == 2 * plan.stepsPerEpoch)
            var seen = [[Int]](repeating: [], count: 2)
            for step in 0..<plan.totalSteps {
                let window = plan.window(of: step)
                let batches = plan.microBatches(of: window.places)
                #expect(!batches.isEmpty && batches.count <= accumulation)
                #expect(batches.allSatisfy { (1...microBatch).contains($0.count) })
                seen[window.epoch] += batches.flatMap(Array.init)
            }
            #expect(seen == [Array(0..<samples), Array(0..<samples)])
        }
    }

    @Test("maxSteps cuts or repeats epochs")
    func steps() throws {
        let recipe = try TinyRun.recipe { ($0.epochs, $0.maxSteps) = (nil, 9) }
        let plan = TrainingPlan(sampleCount: 22, recipe: recipe)
        #expect(plan.totalSteps == 9 && plan.stepsPerEpoch == 4)
        #expect(plan.window(of: 8).epoch == 2)
    }

    @Test("An order is a permutation, another one each epoch, and always the same for a seed")
    func order() {
        let first = SampleOrder.indices(count: 100, epoch: 0, seed: 3, shuffle: true)
        #expect(first.sorted() == Array(0..<100))
        #expect(first != Array(0..<100))
        #expect(first == SampleOrder.indices(count: 100, epoch: 0, seed: 3, shuffle: true))
        #expect(first != SampleOrder.indices(count: 100, epoch: 1, seed: 3, shuffle: true))
        #expect(first != SampleOrder.indices(count: 100, epoch: 0, seed: 4, shuffle: true))
        #expect(SampleOrder.indices(count: 5, epoch: 1, seed: 3, shuffle: false) == [0, 1, 2, 3, 4])
        // Fixed for good: a checkpoint of an older version continues with the same order.
        #expect(SampleOrder.indices(count: 8, epoch: 0, seed: 0, shuffle: true) == [3, 4, 1, 5, 2, 7, 6, 0])
    }

    @Test("Every sample comes first equally often, within chance")
    func uniform() {
        var counts = [Int](repeating: 0, count: 6)
        for epoch in 0..<6000 {
            counts[SampleOrder.indices(count: 6, epoch: epoch, seed: 9, shuffle: true)[0]] += 1
        }
        // 1000 expected each, standard deviation 29.
        #expect(counts.allSatisfy { abs($0 - 1000) < 150 })
    }

    @Test("A fingerprint changes with every bit and with the length")
    func fingerprint() {
        func text(_ bytes: [UInt8]) -> String {
            var digest = ContentDigest()
            bytes.withUnsafeBytes { digest.update($0) }
            return digest.text
        }
        let bytes = (0..<37).map { UInt8($0) }
        var seen: Set<String> = [text(bytes), text(bytes + [0]), text([]), text([0])]
        for bit in 0..<(bytes.count * 8) {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            seen.insert(text(changed))
        }
        #expect(seen.count == 4 + 37 * 8)
        #expect(seen.allSatisfy { $0.utf8.count == 32 })
    }
}
