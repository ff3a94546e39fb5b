// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Collectives
import Corpora
import Foundation
import Llama
import MeasurementSupport
import Tensors
import Training

/// One run of the trainer as jobs use it; speed is that of the median step, the first not counted unless it is the only one.
struct TrainingMeasurement {
    struct Line: Encodable {
        let system = "mellama"
        let size: String
        let parameters: Int
        let precision: String
        let lora: Bool
        let base: String
        let recompute: String
        let sequence: Int
        let batch: Int
        let threads: Int
        let ranks: Int
        let accumulation: Int
        let tokensPerSecond: Double
        let secondsPerStep: Double
        let loss: Double
        let peakBytes: Int
        let plannedBytes: Int
        /// Operations of matrix products and attention in a second.
        let gigaflops: Double
        /// What one large product of the precision reaches in this process.
        let ceilingGigaflops: Double
        let kernels: String
    }

    let options: DriverOptions
    let configuration: LlamaConfiguration
    /// The other ranks where `mpirun` started this process.
    let collective: any Collective

    init(_ options: DriverOptions) throws {
        self.options = options
        configuration = try MeasuredModel.configuration(options.size)
        let isRank = ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_SIZE"] != nil
        collective = isRank ? try MPICollective() : SingleRank()
        if let threads = options.threads { ThreadPool.shared.setThreads(threads) }
    }

    /// The line; nil from all ranks but the first.
    func line() throws -> String? {
        var overrides = TrainingRecipe.Overrides()
        (overrides.maxSteps, overrides.microBatch) = (options.steps + 1, options.batch)
        (overrides.accumulation, overrides.ranks) = (options.accumulation, collective.size)
        (overrides.checkpointEvery, overrides.warmupSteps, overrides.schedule) = (0, 0, .constant)
        overrides.learningRate = 1e-5
        overrides.precision = TrainingRecipe.Precision(rawValue: options.precision)
        overrides.recompute = TrainingRecipe.Recompute(rawValue: options.recompute)
        if options.lora { overrides.lora = .init(rank: 8, alpha: 16, targets: TrainingRecipe.projections) }
        let recipe = try TrainingRecipe(stage: .pretrain, overrides: overrides)
        var trainer = try Trainer(
            model: LlamaModel(weights()), recipe: recipe, dataset: dataset(), collective: collective)
        report(trainer.memory)
        var began = ContinuousClock.now
        var seconds: [Double] = []
        var loss = 0.0
        _ = try trainer.run(onEvent: { event in
            guard case .step(let report) = event else { return }
            let now = ContinuousClock.now
            if report.step > 1 || options.steps == 0 { seconds.append((now - began) / .seconds(1)) }
            (began, loss) = (now, report.loss)
        })
        let rows = options.batch * options.accumulation * collective.size
        let step = Measured.median(seconds)
        let tokens = Double(rows * options.sequenceLength)
        let flops = ModelFLOPs(configuration, adapter: options.lora ? trainer.model.trainedParameters.count : nil)
        try collective.close()
        guard collective.rank == 0 else { return nil }
        let peak = MemoryPeak.bytes() ?? 0
        let line = Line(
            size: options.size, parameters: configuration.parameterCount, precision: recipe.precision.rawValue,
            lora: options.lora, base: options.base, recompute: recipe.recompute.rawValue,
            sequence: options.sequenceLength,
            batch: options.batch, threads: ThreadPool.shared.threads, ranks: collective.size,
            accumulation: options.accumulation, tokensPerSecond: tokens / step, secondsPerStep: step,
            loss: loss, peakBytes: peak, plannedBytes: trainer.memory.total,
            gigaflops: flops.of(tokens: tokens, length: options.sequenceLength) / step / 1e9,
            ceilingGigaflops: ComputeCeiling.measure(recipe.precision, rounds: 20) / 1e9,
            kernels: recipe.precision == .bfloat16 ? BFloat16Product.description : BLAS.description)
        return try Measured.line(line)
    }

    /// The model that is trained, or lies under the adapter.
    private func weights() throws -> LlamaWeights {
        try options.base == "q8_0"
            ? LlamaWeights(keeping: RandomBlocks(configuration)) : LlamaWeights(random: configuration, seed: 1)
    }

    /// Says what is planned before the first step, which of a large model takes a while.
    private func report(_ memory: TrainingMemory) {
        guard collective.rank == 0, configuration.parameterCount > 1 << 32 else { return }
        let parts = memory.bytes.sorted { $0.value > $1.value }
            .map { "\($0.key.rawValue) \(($0.value + (1 << 19)) >> 20)" }
        let line = "training-driver: \(memory.total >> 20) MB planned: \(parts.joined(separator: ", "))\n"
        FileHandle.standardError.write(Data(line.utf8))
    }

    /// Rows of random ids.
    private func dataset() throws -> TokenDataset {
        var generator = Xoshiro256(seed: 2)
        let size = UInt64(configuration.vocabularySize - 3)
        return try TokenDataset(
            rows: (0..<options.batch * options.accumulation * collective.size * 4).map { _ in
                TokenSequence(ids: (0..<options.sequenceLength).map { _ in Int32(3 + generator.next() % size) })
            })
    }
}
