// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Collectives
import Corpora
import Foundation
import Llama
import Tensors
import Training

/// One run of the trainer as jobs use it; speed is that of the median step, the first not counted.
struct TrainingMeasurement {
    struct Line: Encodable {
        let system = "mellama"
        let size: String
        let parameters: Int
        let precision: String
        let lora: Bool
        let recompute: String
        let sequence: Int
        let batch: Int
        let threads: Int
        let ranks: Int
        let accumulation: Int
        let tokensPerSecond: Double
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
        configuration = try Self.configuration(options.size)
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
            model: LlamaModel(LlamaWeights(random: configuration, seed: 1)), recipe: recipe, dataset: dataset(),
            collective: collective)
        var began = ContinuousClock.now
        var seconds: [Double] = []
        var loss = 0.0
        _ = try trainer.run(onEvent: { event in
            guard case .step(let report) = event else { return }
            let now = ContinuousClock.now
            if report.step > 1 { seconds.append((now - began) / .seconds(1)) }
            (began, loss) = (now, report.loss)
        })
        let rows = options.batch * options.accumulation * collective.size
        let rate = Double(rows * options.sequenceLength) / Self.median(seconds)
        try collective.close()
        guard collective.rank == 0 else { return nil }
        let peak = Self.peakBytes()
        let line = Line(
            size: options.size, parameters: configuration.parameterCount, precision: recipe.precision.rawValue,
            lora: options.lora, recompute: recipe.recompute.rawValue, sequence: options.sequenceLength,
            batch: options.batch, threads: ThreadPool.shared.threads, ranks: collective.size,
            accumulation: options.accumulation, tokensPerSecond: rate, loss: loss,
            peakBytes: peak, plannedBytes: trainer.memory.total, gigaflops: rate * flopsPerToken / 1e9,
            ceilingGigaflops: Self.ceiling(recipe.precision) / 1e9,
            kernels: recipe.precision == .bfloat16 ? BFloat16Product.description : BLAS.description)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(line), as: UTF8.self)
    }

    /// The middle one: a step in which the machine did something else does not count.
    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
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

    /// 6 for each weight in a matrix product (4 where it is frozen), and half the square of attention both ways.
    private var flopsPerToken: Double {
        let c = configuration
        let weights = c.parameterCount - c.vocabularySize * c.hiddenSize
        let attention = 6 * c.layerCount * c.queryWidth * options.sequenceLength
        return Double((options.lora ? 4 : 6) * weights + attention)
    }

    private static func configuration(_ size: String) throws -> LlamaConfiguration {
        func make(_ hidden: Int, _ intermediate: Int, _ layers: Int, _ heads: Int, _ keyHeads: Int) throws
            -> LlamaConfiguration
        {
            try LlamaConfiguration(
                vocabularySize: 32000, hiddenSize: hidden, intermediateSize: intermediate, layerCount: layers,
                headCount: heads, keyValueHeadCount: keyHeads, maxPositions: 8192, rmsNormEpsilon: 1e-5)
        }
        switch size {
        case "15m": return try make(288, 768, 6, 6, 6)
        case "134m": return try make(768, 2048, 12, 12, 12)
        case "1b": return try make(2048, 5632, 22, 32, 4)
        default: throw DriverError(description: "there is no size \(size); take 15m, 134m or 1b")
        }
    }

    /// Operations a second of a product of 2048 x 2048 x 2048, the best of twenty.
    private static func ceiling(_ precision: TrainingRecipe.Precision) -> Double {
        let n = 2048
        let a = [Float](repeating: 0.5, count: n * n)
        var c = [Float](repeating: 0, count: n * n)
        let halves = [UInt16](repeating: 0x3f00, count: n * n)
        var memory = [UInt16](repeating: 0, count: PackedMatrix.size(depth: n, columns: n))
        return memory.withUnsafeMutableBufferPointer { memory in
            guard let base = memory.baseAddress else { return 0 }
            let packed = PackedMatrix(depth: n, columns: n, in: base)
            packed.pack(.columns, a, stride: n)
            var best = Double.infinity
            for _ in 0..<20 {
                let start = ContinuousClock.now
                if precision == .bfloat16 {
                    BFloat16Product.multiply(halves, stride: n, rows: n, packed, into: &c, stride: n)
                } else {
                    BLAS.gemm(false, true, n, n, n, 1, a, n, a, n, 0, &c, n)
                }
                best = min(best, (ContinuousClock.now - start) / .seconds(1))
            }
            return 2 * Double(n) * Double(n) * Double(n) / best
        }
    }

    /// The most memory this process has had resident.
    private static func peakBytes() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return 1024
            * (line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0)
    }
}

/// Why nothing could be measured.
struct DriverError: Error, CustomStringConvertible {
    let description: String
}
