// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import OracleSupport
import Tensors
import Testing

@Suite("Folders transformers wrote", .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct CheckpointOracleTests {
    static let folders = OutsideData.folders(below: OutsideData.oracles) {
        $0.holds("hf/config.json") && $0.holds("hf-sharded/model.safetensors.index.json")
    }

    private func values(_ weights: LlamaWeights) -> [Float] { weights.parameters.withUnsafeValues { Array($0) } }

    @Test("the sharded folder of the older spelling holds the same model", arguments: folders)
    func sharded(_ folder: URL) throws {
        let whole = try LlamaCheckpoint.load(folder.appending(path: "hf"))
        let sharded = try LlamaCheckpoint.load(folder.appending(path: "hf-sharded"))
        #expect(sharded.configuration == whole.configuration)
        #expect(values(sharded) == values(whole))
    }

    @Test("the values are those of the file, by name", arguments: folders)
    func values(_ folder: URL) throws {
        let weights = try LlamaCheckpoint.load(folder.appending(path: "hf"))
        let file = try SafetensorsFile(folder.appending(path: "hf/model.safetensors"))
        #expect(!file.entries.isEmpty)
        for entry in file.entries { #expect(try weights[entry.name]?.values == file.tensor(entry.name).values) }
    }

    @Test("folders were found") func found() { #expect(!Self.folders.isEmpty) }
}
