// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Generation

@Suite("An engine serves many askers at once from a thread of its own", .timeLimit(.minutes(2)))
struct BatchEngineTests {
    private func request(_ first: Int32, _ maxTokens: Int) -> GenerationRequest {
        GenerationRequest(promptIDs: [first, 5, 9], parameters: .init(maxTokens: maxTokens))
    }

    @Test("Askers at once get what each gets alone, and share steps")
    func together() async throws {
        let model = ScriptedModel.scrambling()
        let engine = try BatchEngine(model: model, makeText: { LetterText() })
        let alone = try (0..<12).map {
            try Generator(model: ScriptedModel.scrambling()) { LetterText() }.run([request($0, 60)])[0]
        }
        let scores = try (0..<12).map {
            try LogLikelihood(model: ScriptedModel.scrambling()).score([
                ScoreRequest(contextIDs: [$0, 3], continuationIDs: [1, 2, 3])
            ])[0]
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<12 {
                group.addTask {
                    let found = try await engine.generate(
                        [request(Int32(number), 60)], for: .init(tenant: "\(number % 3)"))
                    #expect(found == [alone[number]])
                }
                group.addTask {
                    let found = try await engine.score([
                        ScoreRequest(contextIDs: [Int32(number), 3], continuationIDs: [1, 2, 3])
                    ])
                    #expect(found == [scores[number]])
                }
            }
            try await group.waitForAll()
        }
        #expect((model.callSizes.max() ?? 0) > 1)
    }

    @Test("Events bring the whole answer in order, text in pieces")
    func events() async throws {
        let engine = try BatchEngine(model: ScriptedModel.scrambling(), makeText: { LetterText() })
        let heard = Mutex<(ids: [Int32], text: String, ends: Int)>(([], "", 0))
        let result = try await engine.generate([request(1, 30)]) { _, event in
            heard.withLock { heard in
                switch event {
                case .part(let part):
                    heard.text += part.text
                    if let id = part.id { heard.ids.append(id) }
                case .finished, .failed: heard.ends += 1
                }
            }
        }[0]
        #expect(heard.withLock { $0.ids } == result.ids)
        #expect(heard.withLock { $0.text } == result.text)
        #expect(heard.withLock { $0.ends } == 1)
    }

    @Test("A task that is cancelled ends at once, its work at the next step; others go on")
    func cancellation() async throws {
        let model = ScriptedModel.scrambling(contextLength: 100_000, pages: 100_000)
        let engine = try BatchEngine(model: model)
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await engine.generate([request(1, 90_000)]) { _, _ in start.yield() }
        }
        for await _ in started { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        let other = try await engine.generate([request(2, 5)])
        #expect(other[0].ids.count == 5)
        let computed = model.tokensComputed
        #expect(try await engine.generate([request(3, 5)])[0].ids.count == 5)
        #expect(model.tokensComputed - computed <= 3 + 4 + 1)
    }

    @Test("A bad request is refused before anything is computed; a failing one ends its asker alone")
    func refusals() async throws {
        let model = ScriptedModel(
            vocabularySize: 16,
            adapted: { ids, _ in
                ids.contains(13) ? [Float](repeating: .nan, count: 16) : ScriptedModel.peak(at: 4)
            })
        let engine = try BatchEngine(model: model)
        await #expect(throws: GenerationError.self) {
            try await engine.generate([request(1, 2), GenerationRequest(promptIDs: [99])])
        }
        #expect(model.tokensComputed == 0)
        await #expect(throws: GenerationError.self) { try await engine.generate([request(13, 2), request(1, 2)]) }
        #expect(try await engine.generate([]).isEmpty)
        #expect(try await engine.score([]).isEmpty)
        #expect(try await engine.generate([request(1, 2)])[0].ids == [4, 4])
    }

    @Test("An engine that is let go finishes nothing new and its model goes")
    func letGo() async throws {
        weak var gone: ScriptedModel?
        do {
            let model = ScriptedModel.scrambling()
            gone = model
            let engine = try BatchEngine(model: model)
            _ = try await engine.generate([request(1, 3)])
        }
        for _ in 0..<600 where gone != nil { try await Task.sleep(for: .milliseconds(100)) }
        #expect(gone == nil)
    }
}
