// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensors

/// Turns the logits of one position into the next token of one request.
///
/// The filters apply in the order repetition penalty, temperature, top-k, top-p, min-p, each as Hugging Face's logits
/// processors define it. The sampler holds its own generator, so a request's draws depend on nothing but its seed and
/// the number of tokens drawn before.
public struct Sampler: Sendable {
    /// A token that may be drawn; `score` is its logit after the filters so far, or its probability in the end.
    private typealias Candidate = (id: Int32, score: Double)

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
        logits.withUnsafeBufferPointer { next(LogitRow($0, top: 0), seen: Set(history), mask: nil) ?? 0 }
    }

    /// The next token, of those that `mask` allows; nil where it allows none. `seen` holds the ids of the history.
    mutating func next(_ row: LogitRow, seen: Set<Int32>, mask: TokenMask?) -> Int32? {
        let logits = row.values
        if parameters.temperature == 0 {
            if parameters.repetitionPenalty == 1 { return Self.likeliest(of: row, mask: mask) }
            let candidates = penalized(logits, seen: seen, mask: mask)
            guard var best = candidates.first else { return nil }
            for candidate in candidates where candidate.score > best.score { best = candidate }
            return best.id
        }
        let point = generator.nextUniform()
        let isPlain = parameters.topK == 0 && parameters.topP >= 1 && parameters.minP == 0
        if isPlain, parameters.repetitionPenalty == 1 { return draw(from: row, mask: mask, at: point) }
        return Self.draw(from: filtered(logits, seen: seen, mask: mask), at: point)
    }

    /// Draws without filters, and so without a list of a whole vocabulary.
    private func draw(from row: LogitRow, mask: TokenMask?, at point: Double) -> Int32? {
        guard let likeliest = Self.likeliest(of: row, mask: mask) else { return nil }
        let largest = Double(row.values[Int(likeliest)])
        func weight(_ id: Int) -> Double { exp((Double(row.values[id]) - largest) / parameters.temperature) }
        var sum = 0.0
        if let mask {
            mask.forEach { if $0 < row.values.count { sum += weight($0) } }
        } else {
            for id in row.values.indices { sum += weight(id) }
        }
        var mass = 0.0
        for id in row.values.indices where mask?.contains(Int32(id)) ?? true {
            mass += weight(id)
            if point * sum < mass { return Int32(id) }
        }
        return likeliest
    }

    /// The probabilities after every filter; dropped tokens have exactly 0. Temperature 0 is read as 1 here.
    public func distribution(logits: [Float], history: some Sequence<Int32>) -> [Double] {
        var probabilities = [Double](repeating: 0, count: logits.count)
        let seen = Set(history)
        for (id, probability) in logits.withUnsafeBufferPointer({ filtered($0, seen: seen, mask: nil) }) {
            probabilities[Int(id)] = probability
        }
        return probabilities
    }

    /// The id of the largest logit, the lowest among equals.
    private static func likeliest(of row: LogitRow, mask: TokenMask?) -> Int32? {
        // Where the likeliest of all is allowed there is nothing to look for.
        guard let mask, !mask.contains(row.likeliest) else { return row.likeliest }
        let logits = row.values
        var best: Int?
        var largest = -Float.infinity
        mask.forEach { id in
            guard id < logits.count, best == nil || logits[id] > largest else { return }
            (best, largest) = (id, logits[id])
        }
        return best.map { Int32($0) }
    }

    /// The tokens that may be drawn, by id, with their probabilities.
    private func filtered(
        _ logits: UnsafeBufferPointer<Float>, seen: Set<Int32>, mask: TokenMask?
    ) -> [Candidate] {
        var candidates =
            top(logits, mask: mask) ?? penalized(logits, seen: seen, mask: mask)
        if parameters.temperature > 0, parameters.temperature != 1 {
            for i in candidates.indices { candidates[i].score /= parameters.temperature }
        }
        if parameters.topK > 0, parameters.topK < candidates.count {
            let smallest = Self.largest(parameters.topK, of: candidates)
            candidates.removeAll { $0.score < smallest }
        }
        if parameters.topP < 1 { keepTopMass(&candidates) }
        var probabilities = Self.softmax(candidates)
        if parameters.minP > 0 {
            let floor = parameters.minP * (probabilities.max() ?? 0)
            candidates = zip(candidates, probabilities).filter { $1 >= floor }.map(\.0)
            probabilities = Self.softmax(candidates)
        }
        return zip(candidates, probabilities).map { ($0.id, $1) }
    }

    /// The tokens of top-k where nothing comes before it and k is small: found in one pass, without a list of all.
    private func top(_ logits: UnsafeBufferPointer<Float>, mask: TokenMask?) -> [Candidate]? {
        let count = parameters.topK
        guard parameters.repetitionPenalty == 1, count > 0, count <= 256 else { return nil }
        // The largest values so far, largest first.
        var best: [Float] = []
        func see(_ value: Float) {
            if best.count == count, value <= best[count - 1] { return }
            best.insert(value, at: best.firstIndex { value > $0 } ?? best.count)
            if best.count > count { best.removeLast() }
        }
        if let mask {
            mask.forEach { if $0 < logits.count { see(logits[$0]) } }
        } else {
            for value in logits { see(value) }
        }
        guard let smallest = best.last else { return [] }
        return logits.indices.compactMap { id in
            guard logits[id] >= smallest, mask?.contains(Int32(id)) ?? true else { return nil }
            return (Int32(id), Double(logits[id]))
        }
    }

    private func penalized(
        _ logits: UnsafeBufferPointer<Float>, seen: Set<Int32>, mask: TokenMask?
    ) -> [Candidate] {
        var candidates: [Candidate] = []
        if let mask {
            candidates.reserveCapacity(mask.count)
            mask.forEach { if $0 < logits.count { candidates.append((Int32($0), Double(logits[$0]))) } }
        } else {
            candidates.reserveCapacity(logits.count)
            for id in logits.indices { candidates.append((Int32(id), Double(logits[id]))) }
        }
        guard parameters.repetitionPenalty != 1 else { return candidates }
        for i in candidates.indices where seen.contains(candidates[i].id) {
            let score = candidates[i].score
            candidates[i].score =
                score < 0 ? score * parameters.repetitionPenalty : score / parameters.repetitionPenalty
        }
        return candidates
    }

    /// The k-th largest score, found by partition rather than by sorting a vocabulary.
    private static func largest(_ k: Int, of candidates: [Candidate]) -> Double {
        var scores = candidates.map(\.score)
        var low = 0
        var high = scores.count - 1
        while low < high {
            let pivot = scores[low + (high - low) / 2]
            var (left, right) = (low, high)
            while left <= right {
                while scores[left] > pivot { left += 1 }
                while scores[right] < pivot { right -= 1 }
                guard left <= right else { break }
                scores.swapAt(left, right)
                left += 1
                right -= 1
            }
            if k - 1 <= right {
                high = right
            } else if k - 1 >= left {
                low = left
            } else {
                break
            }
        }
        return scores[k - 1]
    }

    /// Drops, from the least likely up, tokens whose cumulative mass stays within 1 - topP; never the likeliest.
    private func keepTopMass(_ candidates: inout [Candidate]) {
        let probabilities = Self.softmax(candidates)
        let limit = 1 - parameters.topP
        // Tokens so unlikely that all of them together stay within the limit need not be sorted.
        let unlikely = limit / Double(2 * max(1, candidates.count))
        var mass = 0.0
        var sorted: [Int] = []
        for (i, probability) in probabilities.enumerated() {
            if probability <= unlikely { mass += probability } else { sorted.append(i) }
        }
        sorted.sort {
            let (a, b) = (candidates[$0].score, candidates[$1].score)
            return a != b ? a < b : $0 > $1
        }
        var kept = sorted[...]
        for i in sorted.dropLast() {
            mass += probabilities[i]
            guard mass <= limit else { break }
            kept = kept.dropFirst()
        }
        candidates = kept.sorted().map { candidates[$0] }
    }

    private static func softmax(_ candidates: [Candidate]) -> [Double] {
        var largest = -Double.infinity
        for candidate in candidates { largest = max(largest, candidate.score) }
        var values = candidates.map { exp($0.score - largest) }
        let sum = values.reduce(0, +)
        for i in values.indices { values[i] /= sum }
        return values
    }

    private static func draw(from candidates: [Candidate], at point: Double) -> Int32? {
        var mass = 0.0
        var last: Int32?
        for (id, probability) in candidates where probability > 0 {
            mass += probability
            last = id
            if point < mass { break }
        }
        return last
    }
}
