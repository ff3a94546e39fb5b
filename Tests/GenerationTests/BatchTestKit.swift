// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

@testable import Generation

/// What a scheduler under test is asked, and what it answered.
final class BatchDesk {
    let scheduler: BatchScheduler<ScriptedModel>
    private(set) var results: [Int: GenerationResult] = [:]
    private(set) var scores: [Int: SequenceScore] = [:]
    private(set) var errors: [Int: any Error] = [:]
    /// Who got a token in each step, and who ended.
    private(set) var order: [Int] = []
    private(set) var ended: [Int] = []

    init(_ model: ScriptedModel, _ change: (inout BatchOptions) -> Void = { _ in }) {
        var options = BatchOptions()
        change(&options)
        scheduler = BatchScheduler(model: model, options: options)
    }

    func generate(
        _ number: Int, _ request: GenerationRequest, _ origin: RequestOrigin<Int> = RequestOrigin()
    ) throws {
        let work = try GenerationWork(
            request, for: scheduler.model, text: LetterText(), origin: origin
        ) { [unowned self] event in
            switch event {
            case .part: order.append(number)
            case .finished(let result):
                results[number] = result
                ended.append(number)
            case .failed(let error):
                errors[number] = error
                ended.append(number)
            }
        }
        try scheduler.add(work)
    }

    func score(
        _ number: Int, context: [Int32], _ continuations: [[Int32]], _ origin: RequestOrigin<Int> = RequestOrigin()
    ) throws {
        try scheduler.add(
            ScoreWork(context: context, continuations: continuations, origin: origin) { [unowned self] index, result in
                switch result {
                case .success(let score): scores[number * 100 + index] = score
                case .failure(let error): errors[number * 100 + index] = error
                }
            })
    }

    func run() { while scheduler.step() {} }
}

/// Repeatable choices.
struct TestRandom: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
