// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensors

/// Turns the logits of one position into the next token of one request.
///
/// The filters apply in the order repetition penalty, temperature, top-k, top-p, min-p, each as Hugging Face's logits
/// processors define it. The sampler holds its own generator, so a request's draws depend on nothing but its seed and
/// the number of tokens drawn before.
public struct Sampler: Sendable {
    private let parameters: GenerationParameters
    private var generator: Xoshiro256

    public init(_ parameters: GenerationParameters) {
        self.parameters = parameters
        generator = Xoshiro256(seed: parameters.seed)
    }

    /// The next token after `history` (prompt and answer so far); with temperature 0 the likeliest one.
    ///
    /// Among equal logits the lowest id wins. `logits` holds one value a vocabulary entry.
    public mutating func next(logits: [Float], history: some Sequence<Int32>) -> Int32 {
        if parameters.temperature == 0 {
            if parameters.repetitionPenalty == 1 { return Self.likeliest(of: logits) }
            var scores = logits.map(Double.init)
            penalize(&scores, history: history)
            return Int32(scores.indices.max { scores[$0] < scores[$1] || (scores[$0] == scores[$1] && $0 > $1) } ?? 0)
        }
        let probabilities = distribution(logits: logits, history: history)
        return Self.draw(from: probabilities, at: generator.nextUniform())
    }

    /// The probabilities after every filter; dropped tokens have exactly 0. Temperature 0 is read as 1 here.
    public func distribution(logits: [Float], history: some Sequence<Int32>) -> [Double] {
        var scores = logits.map(Double.init)
        penalize(&scores, history: history)
        if parameters.temperature > 0, parameters.temperature != 1 {
            for i in scores.indices { scores[i] /= parameters.temperature }
        }
        if parameters.topK > 0, parameters.topK < scores.count {
            let smallest = scores.sorted(by: >)[parameters.topK - 1]
            for i in scores.indices where scores[i] < smallest { scores[i] = -.infinity }
        }
        if parameters.topP < 1 { keepTopMass(&scores) }
        if parameters.minP > 0 {
            let probabilities = Self.softmax(scores)
            let floor = parameters.minP * (probabilities.max() ?? 0)
            for i in scores.indices where probabilities[i] < floor { scores[i] = -.infinity }
        }
        return Self.softmax(scores)
    }

    /// The id of the largest logit, the lowest among equals.
    public static func likeliest(of logits: [Float]) -> Int32 {
        var best = 0
        for i in logits.indices where logits[i] > logits[best] { best = i }
        return Int32(best)
    }

    private func penalize(_ scores: inout [Double], history: some Sequence<Int32>) {
        guard parameters.repetitionPenalty != 1 else { return }
        for id in Set(history) where scores.indices.contains(Int(id)) {
            let score = scores[Int(id)]
            scores[Int(id)] = score < 0 ? score * parameters.repetitionPenalty : score / parameters.repetitionPenalty
        }
    }

    /// Drops, from the least likely up, tokens whose cumulative mass stays within 1 - topP; never the likeliest.
    private func keepTopMass(_ scores: inout [Double]) {
        let probabilities = Self.softmax(scores)
        let candidates = scores.indices.filter { scores[$0] > -.infinity }
        let ascending = candidates.sorted {
            scores[$0] != scores[$1] ? scores[$0] < scores[$1] : $0 > $1
        }
        var mass = 0.0
        for i in ascending.dropLast() {
            mass += probabilities[i]
            guard mass <= 1 - parameters.topP else { break }
            scores[i] = -.infinity
        }
    }

    static func softmax(_ scores: [Double]) -> [Double] {
        let largest = scores.max() ?? 0
        var values = scores.map { exp($0 - largest) }
        let sum = values.reduce(0, +)
        for i in values.indices { values[i] /= sum }
        return values
    }

    private static func draw(from probabilities: [Double], at point: Double) -> Int32 {
        var mass = 0.0
        var last = 0
        for (i, probability) in probabilities.enumerated() where probability > 0 {
            mass += probability
            last = i
            if point < mass { break }
        }
        return Int32(last)
    }
}
