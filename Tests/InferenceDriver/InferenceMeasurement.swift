// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import MeasurementSupport
import Tensors
import Training

/// A served model's speed at a prompt and at decoding, beside what this machine's memory and arithmetic allow.
///
/// Speeds are medians. The floor of decoding is the time to read the weights once a step, as fast as this process reads
/// its own memory between the steps; that of a prompt is its operations at the speed of one large product.
struct InferenceMeasurement {
    struct Line: Encodable {
        let system = "mellama"
        let size: String
        let format: String
        let threads: Int
        /// The processor's instructions in use.
        let instructions: String
        let weightBytes: Int
        /// The time from weights in a file or in memory to a model that answers.
        let loadSeconds: Double
        let peakBytes: Int
        let prompt: Speed
        let decode: [String: Speed]
        /// Bytes a second, of reads of the weights' size between the steps of decoding.
        let readBandwidth: Double
        /// Operations a second of one large product in this format.
        let productFlops: Double
    }

    struct Speed: Encodable {
        let tokensPerSecond: Double
        /// What the machine allows.
        let floorTokensPerSecond: Double
        var share: Double { tokensPerSecond / floorTokensPerSecond }
        /// Of decoding: what a step must read, keys and values too, over its time, as a share of the speed of reading.
        var bandwidthShare: Double?

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(tokensPerSecond, forKey: .tokensPerSecond)
            try container.encode(floorTokensPerSecond, forKey: .floorTokensPerSecond)
            try container.encode(share, forKey: .share)
            try container.encodeIfPresent(bandwidthShare, forKey: .bandwidthShare)
        }

        private enum Key: CodingKey {
            case tokensPerSecond, floorTokensPerSecond, share, bandwidthShare
        }
    }

    private let options: DriverOptions
    let model: ServedLlama
    private let loadSeconds: Double
    private var c: LlamaConfiguration { model.configuration }

    init(_ options: DriverOptions) throws {
        self.options = options
        if let threads = options.threads { ThreadPool.shared.setThreads(threads) }
        let most = options.batches.max() ?? 1
        let packed = options.packed.map { folder in
            PackedWeightCache(folder: folder, budget: Int.max) {
                FileHandle.standardError.write(Data("inference-driver: \($0)\n".utf8))
            }
        }
        var seconds = 0.0
        func load(_ source: some WeightSource, _ name: String) throws -> ServedLlama {
            let start = ContinuousClock.now
            defer { seconds = (ContinuousClock.now - start) / .seconds(1) }
            let c = source.configuration
            let tokens = most * (options.prompt + options.decode + 64)
            let bytes = 2 * c.layerCount * c.keyValueHeadCount * (c.headDimension + 31) / 32 * 32 * 4 * tokens
            let (format, cache) = (options.format, max(1 << 26, bytes))
            guard let packed else { return try ServedLlama(source, format: format, cacheBytes: cache) }
            return try ServedLlama(source, format: format, cacheBytes: cache, weightsIn: packed.place(of: name))
        }
        if let path = options.model {
            model = try load(CheckpointWeights(URL(filePath: path, directoryHint: .isDirectory)), path)
        } else {
            let weights = try LlamaWeights(random: MeasuredModel.configuration(options.size), seed: 1)
            model = try load(MemoryWeights(weights), "random \(options.size)")
        }
        loadSeconds = seconds
    }

    func line() throws -> String {
        let prompt = try promptSpeed()
        var decode: [String: Speed] = [:]
        var bandwidths: [Double] = []
        for batch in options.batches {
            let (speed, bandwidth) = try decodeSpeed(batch)
            decode["\(batch)"] = speed
            bandwidths.append(bandwidth)
        }
        let line = Line(
            size: options.model.map { URL(filePath: $0).lastPathComponent } ?? options.size,
            format: options.format.rawValue, threads: ThreadPool.shared.threads,
            instructions: ServingInstructions.current.rawValue, weightBytes: model.weightBytes,
            loadSeconds: loadSeconds, peakBytes: MemoryPeak.bytes() ?? 0, prompt: prompt.speed, decode: decode,
            readBandwidth: Measured.median(bandwidths),
            productFlops: prompt.flops)
        return try Measured.line(line)
    }

    private func tokens(_ count: Int, from start: Int = 0) -> [Int32] {
        (start..<start + count).map { Int32(3 + $0 * 7919 % (c.vocabularySize - 3)) }
    }

    private func promptSpeed() throws -> (speed: Speed, flops: Double) {
        var seconds: [Double] = []
        var flops = 0.0
        for round in 0...options.repeats {
            let cache = model.makeCache()
            let time = try Measured.seconds {
                _ = try model.extend([ServedStep(tokens: tokens(options.prompt), cache: cache)])
            }
            if round > 0 { seconds.append(time) }
            flops = max(flops, Self.productFlops(model.format))
        }
        let rate = Double(options.prompt) / Measured.median(seconds)
        let weights = c.parameterCount - c.vocabularySize * c.hiddenSize * (c.tieWordEmbeddings ? 1 : 2)
        let perToken = Double(2 * weights) + 2 * Double(c.layerCount * c.queryWidth * options.prompt)
        return (Speed(tokensPerSecond: rate, floorTokensPerSecond: flops / perToken), flops)
    }

    private func decodeSpeed(_ batch: Int) throws -> (speed: Speed, bandwidth: Double) {
        var (rates, floors, shares, bandwidths): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
        let weights = Double(model.weightBytesPerToken)
        let perToken = Double(
            2 * c.layerCount * c.keyValueWidth * (model.format == .float32 ? 4 : 2))
        for round in 0..<options.repeats {
            let caches = (0..<batch).map { _ in model.makeCache() }
            for (index, cache) in caches.enumerated() {
                _ = try model.extend([
                    ServedStep(tokens: tokens(options.prompt, from: index), cache: cache, logits: .none)
                ])
            }
            var (reading, decoding, reads) = (0.0, 0.0, 0.0)
            for step in 0..<options.decode {
                // Now and then between the steps, since the speed of memory changes with time.
                if step % 4 == 0 {
                    reading += Measured.seconds { _ = model.readWeights() }
                    reads += 1
                }
                let token = Int32(3 + step % (c.vocabularySize - 3))
                decoding += try Measured.seconds {
                    _ = try model.extend(caches.map { ServedStep(tokens: [token], cache: $0) })
                }
            }
            if round == 0, options.repeats > 1 { continue }
            let bandwidth = weights * reads / reading
            bandwidths.append(bandwidth)
            rates.append(Double(batch * options.decode) / decoding)
            floors.append(bandwidth / weights * Double(batch))
            let context = Double(options.prompt) + Double(options.decode + 1) / 2
            let bytes = weights + perToken * context * Double(batch)
            shares.append(bytes * Double(options.decode) / decoding / bandwidth)
        }
        return (
            Speed(
                tokensPerSecond: Measured.median(rates), floorTokensPerSecond: Measured.median(floors),
                bandwidthShare: Measured.median(shares)),
            Measured.median(bandwidths)
        )
    }

    /// The best of several products of 512 rows with a weight of 4096 x 2048, all threads.
    private static func productFlops(_ format: PanelFormat) -> Double {
        PanelProductSpeed(format).best(of: 8)
    }
}
