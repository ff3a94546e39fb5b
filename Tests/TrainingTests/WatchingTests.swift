// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Foundation
import Llama
import Testing

@testable import Training

@Suite("A run tells its loss and perplexity by domain, its work, and its models while it goes on")
struct WatchingTests {
    /// Rows of two domains, and some of none.
    private func mixed() throws -> TokenDataset {
        let plain = try TinyRun.dataset()
        return try TokenDataset(
            rows: (0..<plain.count).map { index in
                var row = try plain.sequence(index)
                row.domain = [.biomedical, .clinical, nil][index % 3]
                return row
            })
    }

    private func constant(_ change: (inout TrainingRecipe.Overrides) -> Void) throws -> TrainingRecipe {
        try TinyRun.recipe {
            ($0.schedule, $0.warmupRatio, $0.warmupSteps) = (.constant, nil, 0)
            ($0.epochs, $0.maxSteps) = (nil, 6)
            change(&$0)
        }
    }

    @Test("The loss of a domain is that of its rows, weighted by tokens over the window", arguments: [nil, 0.0])
    func losses(dropout: Double?) throws {
        let dataset = try mixed()
        // One window of all rows, in micro-batches that share domains.
        let recipe = try TinyRun.recipe(epochs: 1, dropout: dropout) { ($0.microBatch, $0.accumulation) = (4, 6) }
        var trainer = try Trainer(model: TinyRun.model(), recipe: recipe, dataset: dataset)
        var report: StepReport?
        _ = try trainer.run(onEvent: { if case .step(let step) = $0 { report = step } })
        let told = try #require(report)
        #expect(Set(told.lossByDomain.keys) == [.biomedical, .clinical])
        let rows = try (0..<dataset.count).map(dataset.sequence)
        func loss(_ rows: [TokenSequence]) throws -> Double {
            try TinyRun.model().loss(TokenBatch(rows: rows.map(\.ids), labels: rows.map(\.labels))).mean
        }
        for domain in [CorpusDomain.biomedical, .clinical] {
            let expected = try loss(rows.filter { $0.domain == domain })
            #expect(abs(try #require(told.lossByDomain[domain]) - expected) < 1e-5)
        }
        #expect(abs(try loss(rows) - told.loss) < 1e-5)
    }

    @Test("Samples that are packed keep a domain that they share")
    func packed() throws {
        let rows = [CorpusDomain.clinical, .clinical, .general, .clinical].map {
            TokenSequence(ids: [1, 2, 3], domain: $0, textBytes: 2)
        }
        let packed = try RowPacking(recipe: .isolated, dataset: nil).pack(TokenDataset(rows: rows), into: 6)
        #expect(try (0..<packed.count).map { try packed.sequence($0).domain } == [.clinical, nil])
        #expect(try packed.sequence(1).textBytes == 4 && packed.samples(1) == 2..<4)
    }

    @Test("Operations are counted as the standard formula does, and divided by the time of steps")
    func flops() throws {
        // 10 ids, width 4, feed-forward 6: 4 · 4 · 4 + 3 · 4 · 6 = 136 weights in each of 3 blocks, 40 in the head.
        let c = try LlamaConfiguration(
            vocabularySize: 10, hiddenSize: 4, intermediateSize: 6, layerCount: 3, headCount: 2)
        let full = ModelFLOPs(c)
        #expect(full.token == 6 * 3 * 136 && full.target == 6 * 40 && full.pair == 12 * 3 * 4)
        let tied = try LlamaConfiguration(
            vocabularySize: 10, hiddenSize: 4, intermediateSize: 6, layerCount: 3, headCount: 2, tieWordEmbeddings: true
        )
        #expect(ModelFLOPs(tied) == full)
        let adapter = ModelFLOPs(c, adapter: 7)
        #expect(adapter.token == 4 * 3 * 136 + 6 * 7 && adapter.target == 4 * 40 && adapter.pair == full.pair)
        // Two documents of 3 and 2 that do not see each other: 6 + 3 pairs, 2 + 1 targets.
        let batch = try TokenBatch(rows: [[1, 2, 3, 4, 5]], segments: [[0, 0, 0, 1, 1]])
        #expect(batch.attendedPairs == 9)
        #expect(full.of(batch) == 5 * full.token + 3 * full.target + 9 * full.pair)

        var trainer = try Trainer(model: TinyRun.model(), recipe: constant { $0.maxSteps = 4 }, dataset: mixed())
        var ticks = 0.0
        // A step reads the clock when it begins and when it ends: half a second each.
        trainer.now = {
            ticks += 0.5
            return ticks
        }
        let (plan, rows, counted) = (trainer.plan, trainer.rows, trainer.flops)
        var done = 0.0
        _ = try trainer.run(onEvent: { event in
            guard case .step(let report) = event else { return }
            let order = SampleOrder.indices(count: rows.count, epoch: 0, seed: 3, shuffle: true)
            for batch in plan.microBatches(of: plan.window(of: report.step - 1).places) {
                done += (try? counted.of(rows.batch(batch.map { order[$0] }).tokens)) ?? .nan
            }
            #expect(abs(report.flopsPerSecond - done / (0.5 * Double(report.step))) < 1e-6 * done)
        })
        #expect(done > 0)
    }

    @Test("This machine's products have a ceiling", arguments: TrainingRecipe.Precision.allCases)
    func ceiling(precision: TrainingRecipe.Precision) {
        let first = ComputeCeiling.operationsPerSecond(precision)
        #expect(first > 1e8 && first == ComputeCeiling.operationsPerSecond(precision))
    }

    @Test(
        "Held-out rows are scored by domain, every N steps and at the end",
        arguments: TrainingRecipe.Precision.allCases)
    func heldOut(precision: TrainingRecipe.Precision) throws {
        let parts = ["clinical": try TinyRun.dataset(seed: 99), "general": try TinyRun.dataset(rows: 9, seed: 98)]
        let recipe = try constant { ($0.evaluateEvery, $0.maxSteps, $0.precision) = (4, 6, precision) }
        var trainer = try Trainer(model: TinyRun.model(), recipe: recipe, dataset: mixed(), heldOut: parts)
        var told: [Int: HeldOutResult] = [:]
        _ = try trainer.run(onEvent: { if case .evaluated(let step, let result) = $0 { told[step] = result } })
        #expect(told.keys.sorted() == [4, 6])
        let last = try #require(told[6])
        for (name, part) in parts {
            let expected = try #require(try Perplexity.evaluate(trainer.model, part)).total
            let found = try #require(last.domains[name])
            #expect(found.tokens == expected.tokens)
            #expect(abs(found.negativeLogLikelihood - expected.negativeLogLikelihood) < 1e-3)
        }
        #expect(last.all.tokens == last.domains.values.reduce(0) { $0 + $1.tokens })
        let sum = last.domains.values.reduce(0) { $0 + $1.negativeLogLikelihood }
        #expect(abs(last.all.negativeLogLikelihood - sum) < 1e-9)
    }

    @Test("Every N steps the model is given out as it is then, and never at the end", arguments: [nil, 0.2])
    func models(dropout: Double?) throws {
        func trained(_ steps: Int, publishEvery: Int) throws -> (bytes: [UInt32], published: [Int: [UInt32]]) {
            let recipe = try TinyRun.recipe(dropout: dropout) {
                ($0.schedule, $0.warmupRatio, $0.warmupSteps) = (.constant, nil, 0)
                ($0.epochs, $0.maxSteps, $0.publishEvery) = (nil, steps, publishEvery)
            }
            var trainer = try Trainer(model: TinyRun.model(), recipe: recipe, dataset: mixed())
            var published: [Int: [UInt32]] = [:]
            _ = try trainer.run(onModel: { published[$0] = TinyRun.bytes($1) })
            return (TinyRun.bytes(trainer.model), published)
        }
        let run = try trained(6, publishEvery: 3)
        #expect(run.published.keys.sorted() == [3])
        #expect(try run.published[3] == trained(3, publishEvery: 0).bytes)
        #expect(try run.bytes == trained(6, publishEvery: 0).bytes)
    }

    @Test("A model is given out before its step is checkpointed, so that a killed run loses none")
    func order() throws {
        try TinyRun.withFolder { folder in
            let recipe = try constant { ($0.checkpointEvery, $0.publishEvery) = (2, 2) }
            func trainer() throws -> Trainer {
                try Trainer(model: TinyRun.model(), recipe: recipe, dataset: mixed(), checkpoints: folder)
            }
            struct Killed: Error {}
            var first = try trainer()
            #expect(throws: Killed.self) { try first.run(onModel: { step, _ in if step == 4 { throw Killed() } }) }
            var second = try trainer()
            var published: [Int] = []
            _ = try second.run(onModel: { step, _ in published.append(step) })
            #expect(published == [4])
        }
    }
}
