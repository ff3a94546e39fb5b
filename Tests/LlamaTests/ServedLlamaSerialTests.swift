// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Testing

@testable import Tensors

@Suite("A served model's numbers are the same bits however it is asked", .serialized)
struct ServedLlamaSerialTests {
    @Test("in pieces of any size, by any number of threads and instructions", arguments: PanelFormat.allCases)
    func pieces(_ format: PanelFormat) throws {
        let model = try ServedModels.served(format)
        let tokens = ServedModels.tokens(150)
        let want = try ServedModels.logits(model, tokens, pieces: tokens.count)
        let finite = want.allSatisfy(\.isFinite)
        #expect(finite)
        let before = ThreadPool.shared.threads
        defer { ThreadPool.shared.setThreads(before) }
        // No more than there were: scratch memory that other tests measure grows with the most there ever were.
        for threads in Set([1, (before + 1) / 2, before]).sorted() {
            ThreadPool.shared.setThreads(threads)
            for size in [1, 3, 7, 32, 100, 150] {
                let got = try ServedModels.logits(model, tokens, pieces: size)
                #expect(got == want, "\(threads) threads, pieces of \(size)")
            }
        }
        let set = ServingInstructions.current
        defer { try? ServingInstructions.use(set) }
        for other in ServingInstructions.available {
            try ServingInstructions.use(other)
            for size in [1, 3, 20] {
                let got = try ServedModels.logits(model, tokens, pieces: size)
                #expect(got == want, "by \(other.rawValue), pieces of \(size)")
            }
        }
    }

    @Test("alone, with 6 others, with 31 others", arguments: PanelFormat.allCases)
    func company(_ format: PanelFormat) throws {
        let model = try ServedModels.served(format)
        let width = model.configuration.vocabularySize
        let rows = (0..<32).map { ServedModels.tokens(3 + $0 * 5 % 40, seed: $0) }
        let alone = try rows.map { Array(try ServedModels.logits(model, $0, pieces: $0.count).suffix(width)) }
        for count in [1, 7, 32] {
            let caches = (0..<count).map { _ in model.makeCache() }
            // All but the last token, then one token each: a batch of prompts, then a step of decoding.
            _ = try model.extend(
                zip(rows, caches).map { ServedStep(tokens: $0.dropLast(), cache: $1, logits: .none) })
            let got = try model.extend(zip(rows, caches).map { ServedStep(tokens: [$0[$0.count - 1]], cache: $1) })
                .values
            for row in 0..<count {
                #expect(Array(got[row * width..<(row + 1) * width]) == alone[row], "row \(row) of \(count)")
            }
        }
    }

    @Test("different adapters side by side, each as alone", arguments: PanelFormat.allCases)
    func adapters(_ format: PanelFormat) throws {
        let model = try ServedModels.served(format)
        let (c, width) = (model.configuration, model.configuration.vocabularySize)
        let adapters = [
            nil,
            try ServedAdapter(ServedModels.adapter(c, seed: 1, targets: LoRATarget.allCases)),
            try ServedAdapter(ServedModels.adapter(c, seed: 2, targets: [.query, .value, .up])), nil,
            try ServedAdapter(ServedModels.adapter(c, seed: 3, targets: [.down, .key])),
        ]
        let rows = (0..<10).map { ServedModels.tokens(2 + $0 * 9 % 23, seed: $0) }
        let alone = try rows.enumerated().map { index, row in
            Array(try ServedModels.logits(model, row, pieces: row.count, adapter: adapters[index % 5]).suffix(width))
        }
        #expect(Set(alone).count == alone.count)
        for count in [2, 4, 10] {
            let caches = (0..<count).map { _ in model.makeCache() }
            let steps = (0..<count).map {
                ServedStep(tokens: rows[$0], cache: caches[$0], adapter: adapters[$0 % 5])
            }
            let got = try model.extend(steps).values
            for row in 0..<count {
                #expect(Array(got[row * width..<(row + 1) * width]) == alone[row], "row \(row) of \(count)")
            }
        }
    }
}
