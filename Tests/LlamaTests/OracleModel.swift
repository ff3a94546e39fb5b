// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import OracleSupport
import Tensors

/// A folder of reference results for one model, found by what it contains.
struct OracleModel: Sendable, CustomStringConvertible {
    let folder: URL

    var description: String { folder.lastPathComponent }

    /// Every such folder below the oracles.
    static let all: [OracleModel] =
        OutsideData.folders(below: OutsideData.oracles) {
            $0.holds("inputs.json") && $0.holds("forward.safetensors") && $0.holds("hf/config.json")
        }.map(OracleModel.init)

    struct Inputs: Decodable {
        let rows: [[Int32]]
        let rowLabels: [[Int32]]
        let paddedIDs: [[Int32]]
        let mask: [[Int]]
        let paddedLabels: [[Int32]]

        enum CodingKeys: String, CodingKey {
            case rows
            case rowLabels = "row_labels"
            case paddedIDs = "input_ids"
            case mask = "attention_mask"
            case paddedLabels = "labels"
        }
    }

    func inputs() throws -> Inputs { try folder.appending(path: "inputs.json").json() }

    func batch() throws -> TokenBatch {
        let inputs = try inputs()
        return try TokenBatch(rows: inputs.rows, labels: inputs.rowLabels)
    }

    func model(adapter: LoRAAdapter? = nil) throws -> LlamaModel {
        try LlamaModel(LlamaCheckpoint.load(folder.appending(path: "hf")), adapter: adapter)
    }

    /// The folders of adapters trained on this model.
    var adapters: [OracleModel] {
        OutsideData.folders(below: folder) {
            $0.holds("adapter/adapter_config.json") && $0.holds("forward.safetensors")
        }.map(OracleModel.init)
    }

    func results(_ name: String) throws -> SafetensorsFile { try SafetensorsFile(folder.appending(path: name)) }
}

/// The largest difference of two tensors relative to the largest expected magnitude; infinite if shapes differ or
/// anything is not a number.
func relativeDifference(_ got: Tensor, _ want: Tensor) -> Double {
    guard got.shape == want.shape else { return .infinity }
    return relativeDifference(got.values, want.values)
}

func relativeDifference(_ got: [Float], _ want: [Float]) -> Double {
    guard got.count == want.count, !got.isEmpty else { return .infinity }
    var worst = 0.0
    var largest = 0.0
    for (g, w) in zip(got, want) {
        let difference = abs(Double(g) - Double(w))
        guard difference.isFinite else { return .infinity }
        worst = max(worst, difference)
        largest = max(largest, abs(Double(w)))
    }
    return worst / max(largest, 1e-30)
}
