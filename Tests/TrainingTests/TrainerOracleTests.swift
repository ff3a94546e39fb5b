// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Corpora
import Foundation
import Llama
import OracleSupport
import Tensors
import Testing
import Training

@Suite("The trainer takes the reference library's steps", .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct TrainerOracleTests {
    struct Accumulation: Decodable {
        let microBatches: [[Int32]]
        let lossTokenWeighted: Double
        let gradNormTokenWeighted: Double
    }

    private func models(with file: String) -> [URL] {
        OutsideData.folders(below: OutsideData.oracles) { $0.holds("hf/config.json") && $0.holds(file) }
    }

    private func recipe(
        _ log: TrainingLog, _ schedule: TrainingRecipe.Schedule, lora: TrainingRecipe.Overrides.LoRA? = nil
    ) throws -> TrainingRecipe {
        var overrides = TrainingRecipe.Overrides()
        overrides.learningRate = log.optimizer.peakLr
        overrides.schedule = schedule
        overrides.warmupSteps = log.warmupSteps ?? 0
        overrides.maxSteps = log.totalSteps ?? log.log.count
        (overrides.microBatch, overrides.accumulation, overrides.shuffle) = (64, 1, false)
        (overrides.beta1, overrides.beta2) = (log.optimizer.betas[0], log.optimizer.betas[1])
        overrides.epsilon = log.optimizer.eps
        overrides.weightDecay = log.optimizer.weightDecay
        overrides.clipNorm = log.optimizer.clipGlobalNorm
        overrides.lora = lora
        return try TrainingRecipe(stage: .pretrain, overrides: overrides)
    }

    private func dataset(_ model: URL) throws -> TokenDataset {
        let inputs = try model.appending(path: "inputs.json").snakeCaseJSON(as: TrainingLog.Inputs.self)
        return try TokenDataset(
            rows: zip(inputs.rows, inputs.rowLabels).map { TokenSequence(ids: $0, labels: $1) })
    }

    /// Trains for as many steps as are logged, compares each with the log, and calls `check` after each.
    private func train(_ trainer: inout Trainer, as log: TrainingLog, check: (Int, LlamaModel) throws -> Void) throws {
        for (index, expected) in log.log.enumerated() {
            var reports: [StepReport] = []
            var microBatches = 0
            _ = try trainer.run(
                resume: false,
                shouldStop: {
                    microBatches += 1
                    return microBatches > 1
                },
                onEvent: { if case .step(let report) = $0 { reports.append(report) } })
            let report = try #require(reports.first)
            #expect(reports.count == 1 && report.step == index + 1)
            #expect(abs(report.loss - expected.loss) <= 1e-4)
            #expect(abs(report.learningRate - expected.lr) <= 1e-12)
            #expect(abs(report.gradientNorm - expected.gradNormBeforeClip) <= 1e-4 * expected.gradNormBeforeClip)
            try check(index + 1, trainer.model)
        }
    }

    /// Within 2e-4 everywhere and within 1e-6 for 99.9 % of all elements: Adam divides by the root of tiny moments.
    private func compare(_ parameters: ParameterSet, _ file: SafetensorsFile, naming: (String) -> String) throws {
        var count = 0
        var close = 0
        var worst = 0.0
        for entry in parameters.layout.entries {
            let ours = try #require(parameters[entry.name]).values
            let expected = try file.tensor(naming(entry.name)).values
            #expect(ours.count == expected.count)
            for (value, golden) in zip(ours, expected) {
                let difference = abs(Double(value) - Double(golden))
                count += 1
                close += difference < 1e-6 ? 1 : 0
                worst = max(worst, difference)
            }
        }
        #expect(worst <= 2e-4)
        #expect(Double(close) >= 0.999 * Double(count), "\(count - close) of \(count) beyond 1e-6, worst \(worst)")
    }

    @Test(
        "Losses, norms and weights of full training, constant and cosine",
        arguments: [TrainingRecipe.Schedule.constant, .cosine])
    func full(shape: TrainingRecipe.Schedule) throws {
        let found = models(with: "train.json")
        #expect(!found.isEmpty)
        for folder in found {
            let logs = try folder.appending(path: "train.json").snakeCaseJSON(as: TrainingLog.Schedules.self)
            let log = shape == .constant ? logs.constant : logs.cosine
            var trainer = try Trainer(
                model: LlamaModel(LlamaCheckpoint.load(folder.appending(path: "hf"))), recipe: recipe(log, shape),
                dataset: dataset(folder))
            var compared = 0
            try train(&trainer, as: log) { step, model in
                let file = "train.\(shape.rawValue).step\(step).safetensors"
                guard folder.holds(file) else { return }
                compared += 1
                try compare(model.weights.parameters, SafetensorsFile(folder.appending(path: file))) { $0 }
            }
            #expect(compared > 0)
        }
    }

    @Test("Losses, norms and adapter matrices of LoRA training, the base untouched")
    func lowRank() throws {
        let found = OutsideData.folders(below: OutsideData.oracles) {
            $0.holds("train.json") && $0.holds("adapter/adapter_config.json")
        }
        #expect(!found.isEmpty)
        for folder in found {
            let base = folder.deletingLastPathComponent()
            let weights = try LlamaCheckpoint.load(base.appending(path: "hf"))
            let adapter = try AdapterCheckpoint.load(folder.appending(path: "adapter"), for: weights.configuration)
            let log = try folder.appending(path: "train.json").snakeCaseJSON(as: TrainingLog.self)
            let settings = TrainingRecipe.Overrides.LoRA(
                rank: adapter.configuration.rank, alpha: adapter.configuration.alpha, dropout: 0,
                targets: adapter.configuration.targets.map(\.rawValue), rslora: adapter.configuration.rankStabilized)
            var trainer = try Trainer(
                model: LlamaModel(weights, adapter: adapter), recipe: recipe(log, .constant, lora: settings),
                dataset: dataset(base))
            var compared = 0
            try train(&trainer, as: log) { step, model in
                let name = "adapter-after-\(step)-steps"
                guard folder.holds(name) else { return }
                compared += 1
                let trained = try #require(model.adapter)
                let file = try SafetensorsFile(folder.appending(path: "\(name)/adapter_model.safetensors"))
                try compare(trained.parameters, file) { "base_model.model.\($0)" }
                #expect(
                    model.weights.parameters.withUnsafeValues(Array.init)
                        == weights.parameters.withUnsafeValues(Array.init))
            }
            #expect(compared > 0)
        }
    }

    @Test("Unequal micro-batches are weighted by their tokens")
    func accumulation() throws {
        let found = models(with: "accumulation.json")
        #expect(!found.isEmpty)
        for folder in found {
            let expected = try folder.appending(path: "accumulation.json").snakeCaseJSON(as: Accumulation.self)
            var overrides = TrainingRecipe.Overrides()
            (overrides.maxSteps, overrides.microBatch) = (1, 1)
            overrides.accumulation = expected.microBatches.count
            var trainer = try Trainer(
                model: LlamaModel(LlamaCheckpoint.load(folder.appending(path: "hf"))),
                recipe: TrainingRecipe(stage: .pretrain, overrides: overrides),
                dataset: TokenDataset(rows: expected.microBatches.map { TokenSequence(ids: $0) }))
            var report: StepReport?
            _ = try trainer.run(onEvent: { if case .step(let step) = $0 { report = step } })
            let step = try #require(report)
            #expect(abs(step.loss - expected.lossTokenWeighted) <= 1e-4)
            #expect(abs(step.gradientNorm - expected.gradNormTokenWeighted) <= 1e-4 * expected.gradNormTokenWeighted)
        }
    }
}
