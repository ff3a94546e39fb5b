// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Generation
import Llama
import MeasurementSupport

/// What the engine makes of a model's speed: many requests at once, and answers held to a JSON schema beside free ones.
struct EngineMeasurement {
    struct Line: Encodable {
        let requests: Int
        /// Tokens of answers a second, all requests together, prompts included; medians.
        let freeTokensPerSecond: Double
        /// The same held to a schema whose masks are computed on the way.
        let heldTokensPerSecond: Double
        let heldShare: Double
        /// The same calls on the model alone, without prompts.
        let modelTokensPerSecond: Double
    }

    private static let schema = """
        {"type": "object", "properties": {
          "finding": {"type": "string", "maxLength": 8000}, "severe": {"type": "boolean"}}}
        """

    let model: ServedLlama
    let options: DriverOptions

    func lines() throws -> [String] { try options.batches.map { try line($0) } }

    private func line(_ requests: Int) throws -> String {
        let vocabulary = VocabularyBytes(vocabularySize: model.configuration.vocabularySize, append: Self.append)
        var (free, held, alone): ([Double], [Double], [Double]) = ([], [], [])
        for round in 0...options.repeats {
            // One after the other: the machine's speed changes with time.
            let rates = (
                try rate(requests, grammar: nil),
                try rate(requests, grammar: TokenGrammar(JSONSchema(Array(Self.schema.utf8)), vocabulary: vocabulary)),
                try modelRate(requests)
            )
            guard round > 0 else { continue }
            free.append(rates.0)
            held.append(rates.1)
            alone.append(rates.2)
        }
        let shares = zip(held, free).map { $0 / $1 }
        return try Measured.line(
            Line(
                requests: requests, freeTokensPerSecond: Measured.median(free),
                heldTokensPerSecond: Measured.median(held), heldShare: Measured.median(shares),
                modelTokensPerSecond: Measured.median(alone)))
    }

    /// Tokens of answers a second for so many requests at once.
    private func rate(_ requests: Int, grammar: TokenGrammar?) throws -> Double {
        var batch = BatchOptions()
        batch.keepsPrefixes = false
        let asked = (0..<requests).map { number in
            GenerationRequest(
                promptIDs: Self.prompt(number),
                parameters: GenerationParameters(
                    maxTokens: options.decode, temperature: 1, topK: 50, seed: UInt64(number),
                    ignoreEndOfSequence: true),
                grammar: grammar)
        }
        var tokens = 0
        let time = try Measured.seconds {
            tokens = try Generator(model: model, options: batch).run(asked).reduce(0) { $0 + $1.ids.count }
        }
        return Double(tokens) / time
    }

    private static func prompt(_ number: Int) -> [Int32] {
        (0..<8).map { place -> Int32 in
            let id = place * 7919 + number * 31
            return Int32(3 + id % 30_000)
        }
    }

    private func modelRate(_ requests: Int) throws -> Double {
        let caches = (0..<requests).map { _ in model.makeCache() }
        let time = try Measured.seconds {
            for step in 0..<options.decode {
                _ = try model.extend(
                    caches.map {
                        SequenceStep<PagedCache, ServedAdapter>(
                            tokens: [Int32(3 + step % 30_000)], cache: $0, logits: .last)
                    })
            }
        }
        return Double(requests * options.decode) / time
    }

    /// A vocabulary like a real one: all bytes, then words of letters with a space before most of them.
    private static func append(_ id: Int32, to bytes: inout [UInt8]) {
        guard id > 2 else { return }
        if id < 259 {
            bytes.append(UInt8(id - 3))
            return
        }
        if id % 4 != 0 { bytes.append(0x20) }
        var rest = Int(id)
        repeat {
            bytes.append(UInt8(97 + rest % 26))
            rest /= 26
        } while rest > 0
        if id % 97 == 0 { bytes.append(0x22) }
    }
}
