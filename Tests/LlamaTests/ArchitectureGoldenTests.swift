// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import OracleSupport
import Tensors
import Testing

@Suite("Each kind of model and of rotary scaling gives transformers' logits")
struct ArchitectureGoldenTests {
    static let folders = OutsideData.folders(below: OutsideData.fixtures.appending(path: "architectures")) {
        $0.holds("config.json") && $0.holds("logits.safetensors")
    }

    @Test("logits to 1e-5 of the largest; what is longer than the window is refused", arguments: folders)
    func logits(folder: URL) throws {
        let model = try LlamaModel(LlamaCheckpoint.load(folder))
        let file = try SafetensorsFile(folder.appending(path: "logits.safetensors"))
        let columns = try #require(file["ids"]).shape.dimensions[1]
        let ids = try file.integers("ids")
        for entry in file.entries where entry.name.hasPrefix("logits.") {
            let length = entry.shape.dimensions[1]
            let rows = (0..<2).map { row in ids[row * columns..<row * columns + length].map { Int32($0) } }
            let batch = try TokenBatch(rows: rows)
            if let window = model.configuration.slidingWindow, length > window {
                let error = #expect(throws: LlamaError.self) { try model.logits(batch) }
                #expect(error?.description.contains("sliding_window of \(window)") == true)
            } else {
                let difference = relativeDifference(try model.logits(batch), try file.tensor(entry.name))
                #expect(difference < 1e-5, "\(entry.name)")
            }
        }
    }

    @Test("both spellings of config.json are the same model, and what is written is read back", arguments: folders)
    func spellings(folder: URL) throws {
        let newer = try LlamaCheckpoint.configuration(folder)
        let older = try LlamaCheckpoint.configuration(Data(contentsOf: folder.appending(path: "older.json")))
        #expect(newer == older)
        #expect(try LlamaCheckpoint.configuration(LlamaCheckpoint.configurationData(newer, type: .float32)) == newer)
    }

    @Test("every rule is there")
    func complete() throws {
        let kinds = try Self.folders.map { try LlamaCheckpoint.configuration($0) }
        #expect(kinds.contains { $0.ropeScaling == .linear(factor: 3) && $0.longestSequence == $0.maxPositions })
        #expect(kinds.contains { $0.ropeScaling == .dynamic(factor: 2) && $0.longestSequence == 2 * $0.maxPositions })
        #expect(kinds.contains { $0.slidingWindow == 7 })
    }
}
