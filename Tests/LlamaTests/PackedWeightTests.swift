// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import Synchronization
import Tensors
import Testing

@Suite("Repacked weights are kept in files that processes share")
struct PackedWeightTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "packed-\(UUID().uuidString)")
    private let problems = Problems()

    private func cache(_ folder: String? = nil, budget: Int = 1 << 30) -> PackedWeightCache {
        PackedWeightCache(folder: folder ?? self.folder.path, budget: budget) { [problems] in problems.add($0) }
    }

    private func served(
        _ cache: PackedWeightCache, _ model: String = "m", _ format: PanelFormat = .q8, readable: Bool = true
    ) throws -> ServedLlama {
        let weights = try LlamaWeights(random: ServedModels.configuration(), seed: model == "m" ? 7 : 8)
        return try ServedLlama(
            Source(weights: MemoryWeights(weights), isReadable: readable), format: format, cacheBytes: 1 << 22,
            weightsIn: cache.place(of: model))
    }

    private var files: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).filter { $0 != "lock" }.sorted()
    }

    @Test("what is there is not read again, and answers with the same bits", arguments: PanelFormat.allCases)
    func twice(_ format: PanelFormat) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let tokens = ServedModels.tokens(40)
        let want = try ServedModels.logits(ServedModels.served(format), tokens, pieces: 40)
        for readable in [true, false] {
            let model = try served(cache(), "m", format, readable: readable)
            let got = try ServedModels.logits(model, tokens, pieces: 7)
            #expect(got == want)
        }
        #expect(files.count == 1 && files[0].hasSuffix(".weights"))
        #expect(problems.all.isEmpty)
    }

    @Test("another model or format is another file; a changed file is written anew")
    func keys() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try served(cache())
        let path = folder.appending(path: files[0])
        _ = try served(cache(), "other")
        _ = try served(cache(), "m", .q4)
        #expect(files.count == 3)
        let whole = try Data(contentsOf: path)
        for spoiled in [whole.dropLast(), Data([0]) + whole.dropFirst(), Data(), whole + [1]] {
            try spoiled.write(to: path)
            let read = try? served(cache(), readable: false)
            #expect(read == nil)
            _ = try served(cache())
            #expect(try Data(contentsOf: path) == whole)
        }
        #expect(files.count == 3 && problems.all.isEmpty)
    }

    @Test("the oldest leave within the budget, and what a killed process left")
    func budget() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let first = try served(cache())
        let size = first.weightBytes + 4096
        let name = files[0]
        try Data([1]).write(to: folder.appending(path: "x.weights.1.partial"))
        let tight = cache(budget: 2 * size)
        _ = try served(tight, "b")
        #expect(files.count == 2)
        // Used again, so that the other is the oldest.
        usleep(20_000)
        _ = try served(tight, readable: false)
        usleep(20_000)
        _ = try served(tight, "c")
        #expect(files.count == 2 && files.contains(name) && problems.all.isEmpty)
        // One that is removed stays with whom it is mapped by.
        _ = try served(cache(budget: size), "d")
        #expect(!files.contains(name))
        let finite = try ServedModels.logits(first, ServedModels.tokens(5), pieces: 5).allSatisfy(\.isFinite)
        #expect(finite)
    }

    @Test("where nothing can be kept, the process packs its own, and says so once")
    func fallback() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "file")
        try Data().write(to: file)
        let want = try ServedModels.logits(ServedModels.served(.q8), ServedModels.tokens(9), pieces: 9)
        for cache in [cache(file.path + "/below"), cache(budget: 5000)] {
            let before = problems.all.count
            for _ in 0..<2 {
                let got = try ServedModels.logits(served(cache), ServedModels.tokens(9), pieces: 9)
                #expect(got == want)
            }
            #expect(problems.all.count == before + 1)
        }
        // Without a folder to make one in there is no store, and nothing to say.
        let before = problems.all.count
        let missing = folder.appending(path: "missing")
        _ = try served(cache(missing.path + "/below"))
        #expect(problems.all.count == before && !FileManager.default.fileExists(atPath: missing.path))
        #expect(files.allSatisfy { !$0.hasSuffix(".weights") && !$0.hasSuffix(".partial") })
    }
}

/// Weights that may be asked for their types alone.
private struct Source: WeightSource {
    let weights: MemoryWeights
    let isReadable: Bool
    var configuration: LlamaConfiguration { weights.configuration }

    func matrix(_ name: String, rows: Int, columns: Int) throws -> StoredMatrix {
        guard isReadable else { throw LlamaError(.invalidConfiguration, "\(name) is read") }
        return try weights.matrix(name, rows: rows, columns: columns)
    }

    func type(of name: String, rows: Int, columns: Int) throws -> StoredType { .numbers(.float32) }

    func release() {}
}

private final class Problems: Sendable {
    private let said = Mutex<[String]>([])
    var all: [String] { said.withLock { $0 } }
    func add(_ problem: String) { said.withLock { $0.append(problem) } }
}
