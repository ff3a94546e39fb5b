// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import OracleSupport
import Tensors
import Testing

@Suite(
    "A served model gives transformers' logits and tokens",
    .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct ServedOracleTests {
    private func served(_ oracle: OracleModel, _ folder: String, _ format: PanelFormat) throws -> ServedLlama {
        try ServedLlama(
            CheckpointWeights(oracle.folder.appending(path: folder)), format: format, cacheBytes: 1 << 26)
    }

    /// The largest difference of the rows' logits, relative to the largest expected.
    private func difference(
        _ model: ServedLlama, _ oracle: OracleModel, _ want: Tensor, adapter: ServedAdapter? = nil
    ) throws -> Double {
        let rows = try oracle.inputs().rows
        let (columns, width) = (want.shape[1], want.shape[2])
        var (got, expected): ([Float], [Float]) = ([], [])
        let values = want.values
        for (index, row) in rows.enumerated() {
            got += try ServedModels.logits(model, row, pieces: 9, adapter: adapter)
            let start = index * columns * width
            expected += values[start..<start + row.count * width]
        }
        return relativeDifference(got, expected)
    }

    @Test("float32, whole and sharded, to 1e-5", arguments: OracleModel.all)
    func float32(_ oracle: OracleModel) throws {
        let want = try oracle.results("forward.safetensors").tensor("logits")
        for folder in ["hf", "hf-sharded"] where oracle.folder.holds(folder + "/config.json") {
            let worst = try difference(served(oracle, folder, .float32), oracle, want)
            #expect(worst < 1e-5, "\(folder)")
        }
    }

    @Test("bfloat16 and Q8_0 to 5e-2", arguments: OracleModel.all, [PanelFormat.bfloat16, .q8])
    func rounded(_ oracle: OracleModel, _ format: PanelFormat) throws {
        let want = try oracle.results("forward.safetensors").tensor("logits")
        let worst = try difference(served(oracle, "hf", format), oracle, want)
        #expect(worst < 5e-2)
    }

    @Test("a GGUF file of Q8_0 as dequantised in float32, to 1e-5; with quantised activations, to 5e-2")
    func gguf() throws {
        let folders = OutsideData.folders(below: OutsideData.oracles) {
            $0.holds("model-q8_0.gguf") && $0.holds("forward.safetensors")
        }
        #expect(!folders.isEmpty)
        for folder in folders {
            // The engine reads a folder: config.json and model.gguf.
            let oracle = OracleModel(folder: folder.deletingLastPathComponent())
            let model = FileManager.default.temporaryDirectory.appending(path: "gguf-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: model, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: model) }
            let files = [
                (folder.appending(path: "model-q8_0.gguf"), "model.gguf"),
                (oracle.folder.appending(path: "hf/config.json"), "config.json"),
            ]
            for (file, name) in files { try FileManager.default.copyItem(at: file, to: model.appending(path: name)) }
            let want = try SafetensorsFile(folder.appending(path: "forward.safetensors")).tensor("logits")
            for (format, tolerance) in [(PanelFormat.float32, 1e-5), (.q8, 5e-2)] {
                let served = try ServedLlama(CheckpointWeights(model), format: format, cacheBytes: 1 << 26)
                let worst = try difference(served, oracle, want)
                #expect(worst < tolerance, "\(format.rawValue)")
            }
        }
    }

    @Test("adapters, unmerged, to 1e-5", arguments: OracleModel.all)
    func adapters(_ oracle: OracleModel) throws {
        let model = try served(oracle, "hf", .float32)
        for folder in oracle.adapters {
            let want = try folder.results("forward.safetensors").tensor("logits.adapter")
            let adapter = try AdapterCheckpoint.load(
                folder.folder.appending(path: "adapter"), for: model.configuration)
            let worst = try difference(model, oracle, want, adapter: ServedAdapter(adapter))
            #expect(worst < 1e-5, "\(folder)")
        }
    }

    @Test("greedy tokens of all runs side by side", arguments: OracleModel.all)
    func greedy(_ oracle: OracleModel) throws {
        let model = try served(oracle, "hf", .float32)
        let file: DecodingOracleTests.Generation = try oracle.folder.appending(path: "generate.json").json()
        let caches = file.runs.map { _ in model.makeCache() }
        var next = file.runs.map(\.prompt)
        let width = model.configuration.vocabularySize
        for step in 0..<(file.runs.map(\.newIDs.count).min() ?? 0) {
            let logits = try model.extend(zip(next, caches).map { ServedStep(tokens: $0, cache: $1) })
            for (row, run) in file.runs.enumerated() {
                let id = logits.withUnsafeValues { values in
                    values.baseAddress.map { Int32(Kernels.argmax($0 + row * width, count: width)) }
                }
                #expect(id == run.newIDs[step])
                next[row] = [run.newIDs[step]]
            }
        }
    }
}
