// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Generation

@Suite("A scheduler fills steps fairly, within the pages there are")
struct BatchSchedulerTests {
    private func request(_ prompt: [Int32], _ maxTokens: Int) -> GenerationRequest {
        GenerationRequest(promptIDs: prompt, parameters: .init(maxTokens: maxTokens))
    }

    private func ids(_ count: Int, from first: Int32) -> [Int32] { (0..<Int32(count)).map { ($0 * 7 + first) % 64 } }

    @Test("Requests that come while others are under way join their steps")
    func joining() throws {
        let model = ScriptedModel.scrambling()
        let desk = BatchDesk(model)
        try desk.generate(0, request([1], 8))
        for _ in 0..<3 { _ = desk.scheduler.step() }
        try desk.generate(1, request([2], 3))
        desk.run()
        #expect(desk.ended == [1, 0])
        #expect(model.callSizes == [1, 1, 1, 2, 2, 2, 1, 1])
    }

    @Test("An answer goes on while a long prompt is computed beside it, in chunks")
    func chunks() throws {
        let desk = BatchDesk(.scrambling()) { $0.tokensBesideDecode = 10 }
        try desk.generate(0, request([1], 12))
        _ = desk.scheduler.step()
        try desk.generate(1, request(ids(95, from: 3), 1))
        for step in 1...9 {
            _ = desk.scheduler.step()
            #expect(desk.scheduler.figures.decodeTokens == 1 && desk.scheduler.figures.prefillTokens == 10)
            #expect(desk.order.count == step + 1)
        }
        _ = desk.scheduler.step()
        #expect(desk.ended == [1])
    }

    @Test("A tenant with one request does not wait for another's many")
    func tenants() throws {
        let desk = BatchDesk(.scrambling(contextLength: 4096, pages: 4000)) { $0.sequences = 4 }
        for number in 0..<40 {
            try desk.generate(number, request(ids(1000, from: Int32(number)), 2), .init(tenant: "many"))
        }
        try desk.generate(100, request([5], 2), .init(tenant: "one"))
        desk.run()
        #expect(desk.ended.count == 41)
        #expect((desk.ended.firstIndex(of: 100) ?? 41) < 8)
    }

    @Test("Prompts of tenants are computed in turns")
    func turns() throws {
        let desk = BatchDesk(.scrambling(contextLength: 4096, pages: 4000)) { $0.tokensAlone = 128 }
        try desk.generate(0, request(ids(2000, from: 1), 1), .init(tenant: "long"))
        try desk.generate(1, request(ids(60, from: 2), 1), .init(tenant: "short"))
        desk.run()
        #expect(desk.ended == [1, 0])
    }

    @Test("A short prompt does not wait for a tenant's long ones, and a flow of short ones does not hold up the oldest")
    func lengths() throws {
        let desk = BatchDesk(.scrambling(contextLength: 4096, pages: 4000)) { options in
            options.tokensAlone = 100
            options.tokensBesideDecode = 100
            options.keepsPrefixes = false
        }
        try desk.generate(0, request(ids(2000, from: 1), 1))
        try desk.generate(1, request(ids(2000, from: 2), 1))
        _ = desk.scheduler.step()
        try desk.generate(2, request(ids(60, from: 3), 1))
        _ = desk.scheduler.step()
        #expect(desk.ended == [2])
        // Each step brings 100 tokens of prompts as short as that: the oldest has 25 a step all the same.
        for number in 3..<90 {
            try desk.generate(number, request(ids(100, from: Int32(number)), 1))
            _ = desk.scheduler.step()
        }
        #expect(desk.ended.contains(0) && !desk.ended.contains(1))
        desk.run()
        #expect(desk.ended.count == 90)
    }

    @Test("A large request among small ones has its turn, and the memory is never overdrawn")
    func pages() throws {
        let model = ScriptedModel.scrambling(pages: 20)
        let desk = BatchDesk(model)
        for number in 0..<10 { try desk.generate(number, request(ids(9, from: Int32(number)), 8)) }
        // 76 tokens: 19 of the 20 pages.
        try desk.generate(50, request(ids(60, from: 40), 17))
        for number in 60..<80 { try desk.generate(number, request(ids(9, from: Int32(number)), 8)) }
        desk.run()
        #expect(desk.errors.isEmpty && desk.results.count == 31)
        #expect((desk.ended.firstIndex(of: 50) ?? 31) <= 10)
        #expect(model.mostPages <= 20)
        #expect(model.pages.total - model.pages.free == desk.scheduler.tree.pages)
    }

    @Test("What no memory could hold is refused with both sizes")
    func tooLarge() throws {
        let desk = BatchDesk(.scrambling(pages: 5))
        let error = #expect(throws: GenerationError.self) { try desk.generate(0, request([1], 30)) }
        #expect(error?.description.contains("8 pages of 4") == true && error?.description.contains("has 5") == true)
    }

    @Test("Cancelled ones stop at the next step, alone, and give back their pages")
    func cancellation() throws {
        let model = ScriptedModel.scrambling()
        let desk = BatchDesk(model) { options in
            options.keepsPrefixes = false
            options.sequences = 2
        }
        let state = CancelledSet()
        for number in 0..<3 {
            try desk.generate(
                number, request(ids(5, from: Int32(number)), 9), .init(isCancelled: { state.contains(number) }))
        }
        for _ in 0..<3 { _ = desk.scheduler.step() }
        state.insert(0)
        state.insert(2)
        _ = desk.scheduler.step()
        #expect(desk.results[0]?.finishReason == .cancelled && desk.results[0]?.ids.count == 3)
        #expect(desk.results[2]?.finishReason == .cancelled && desk.results[2]?.ids.isEmpty == true)
        desk.run()
        #expect(desk.results[1]?.ids.count == 9)
        #expect(model.pages.free == model.pages.total)
    }

    @Test("What is not finished at its deadline ends with an error that says so")
    func deadline() throws {
        let desk = BatchDesk(.scrambling())
        try desk.generate(0, request([1], 9), .init(deadline: .now - .seconds(1)))
        try desk.generate(1, request([1], 9), .init(deadline: .now + .seconds(3600)))
        desk.run()
        #expect((desk.errors[0] as? GenerationError)?.code == .expired)
        #expect(desk.results[1]?.ids.count == 9)
    }

    @Test("Prompts that begin alike are computed once, also when they come together; adapters are apart")
    func beginnings() throws {
        let model = ScriptedModel.scrambling()
        let desk = BatchDesk(model)
        let stem = ids(40, from: 9)
        for number in 0..<6 {
            try desk.generate(
                number, request(stem + [Int32(number), 1], 1), .init(adapter: 1, adapterName: number < 4 ? "a" : "b"))
        }
        desk.run()
        // 42 for the first of each adapter, 2 for the others.
        #expect(model.tokensComputed == 2 * 42 + 4 * 2)
        #expect(desk.results.count == 6)
        try desk.score(10, context: stem, [[1, 2], [3]], .init(adapter: 1, adapterName: "a"))
        desk.run()
        #expect(model.tokensComputed == 2 * 42 + 4 * 2 + 4 + 1)
    }

    @Test("What requests side by side compute twice is held once, and the memory is never overdrawn")
    func doubled() throws {
        let model = ScriptedModel.scrambling(pages: 24)
        let desk = BatchDesk(model)
        for round in 0..<20 {
            // All begin as the first does, and the others have more in common: they wait for the first, and then compute
            // that side by side.
            let beginning = ids(4, from: Int32(round))
            try desk.generate(round * 10, request(beginning + ids(20, from: 3), 1))
            for number in 1..<4 {
                let prompt = beginning + ids(8, from: 40) + ids(5, from: Int32(number * 9))
                try desk.generate(round * 10 + number, request(prompt, 1))
            }
            desk.run()
            #expect(model.pages.total - model.pages.free == desk.scheduler.tree.pages)
        }
        #expect(desk.errors.isEmpty && desk.results.count == 80)
        #expect(model.mostPages <= 24)
    }

    @Test("A conversation's next turn computes only what is new")
    func conversation() throws {
        let model = ScriptedModel.scrambling()
        let desk = BatchDesk(model)
        try desk.generate(0, request(ids(10, from: 3), 10))
        desk.run()
        let before = model.tokensComputed
        let answer = desk.results[0]?.ids ?? []
        try desk.generate(1, request(ids(10, from: 3) + answer + [1, 2, 3], 1))
        desk.run()
        // Of 23 tokens the first 16 are kept whole pages: the 20th token was never fed.
        #expect(model.tokensComputed - before == 23 - 16)
    }

    @Test("A prompt that waits for another's beginning goes on when that one is cancelled")
    func leaderGone() throws {
        let model = ScriptedModel.scrambling()
        let desk = BatchDesk(model) { $0.tokensAlone = 8 }
        let state = CancelledSet()
        try desk.generate(0, request(ids(60, from: 1), 1), .init(isCancelled: { state.contains(0) }))
        try desk.generate(1, request(ids(60, from: 1) + [3], 1))
        for _ in 0..<3 { _ = desk.scheduler.step() }
        state.insert(0)
        desk.run()
        #expect(desk.results[0]?.finishReason == .cancelled)
        #expect(desk.results[1]?.ids.count == 1)
        // What the first had computed is kept.
        #expect(model.tokensComputed == 61)
    }

    @Test("A model that fails ends what it was computing, and only that")
    func failingModel() throws {
        let model = ScriptedModel(
            vocabularySize: 16,
            adapted: { ids, _ in
                ids.contains(13) ? [Float](repeating: .nan, count: 16) : ScriptedModel.peak(at: 4)
            })
        let desk = BatchDesk(model)
        try desk.generate(0, request([13], 4))
        try desk.generate(1, request([3], 4))
        desk.run()
        #expect((desk.errors[0] as? GenerationError)?.code == .brokenModel)
        #expect(desk.results[1]?.ids == [4, 4, 4, 4])
    }
}

/// Numbers that were cancelled, from any thread.
final class CancelledSet: Sendable {
    private let numbers = Mutex(Set<Int>())
    func insert(_ number: Int) { numbers.withLock { _ = $0.insert(number) } }
    func contains(_ number: Int) -> Bool { numbers.withLock { $0.contains(number) } }
}
