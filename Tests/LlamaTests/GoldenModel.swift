// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import OracleSupport

/// A tiny model of our own with the results of a float64 implementation (Tests/Fixtures/llama).
struct GoldenModel: Sendable, CustomStringConvertible {
    let folder: URL

    var description: String { folder.lastPathComponent }

    static let all = ["untied", "tied"].map { GoldenModel(folder: OutsideData.fixtures.appending(path: "llama/\($0)")) }

    struct Rows: Decodable {
        struct Row: Decodable {
            let ids: [Int32]
            let labels: [Int32]
            let positions: [Int32]
            let segments: [Int32]
        }

        let rows: [Row]
        let sums: [Double]
        let targets: [Int]
        let loss: Double

        enum CodingKeys: String, CodingKey {
            case rows
            case sums = "nll_sums"
            case targets
            case loss
        }
    }

    func rows() throws -> Rows { try folder.appending(path: "batch.json").json() }

    func batch() throws -> TokenBatch {
        let rows = try rows().rows
        return try TokenBatch(
            rows: rows.map(\.ids), labels: rows.map(\.labels), segments: rows.map(\.segments))
    }

    func model() throws -> LlamaModel { try LlamaModel(LlamaCheckpoint.load(folder)) }

    func adapted() throws -> LlamaModel {
        let weights = try LlamaCheckpoint.load(folder)
        let adapter = try AdapterCheckpoint.load(folder.appending(path: "adapter"), for: weights.configuration)
        return try LlamaModel(weights, adapter: adapter)
    }
}
