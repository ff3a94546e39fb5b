// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Messages

/// What is known of a training's rows before it runs.
struct PlannedData: Sendable {
    /// How many there are.
    private(set) var rows: Int?
    /// Tokens of the longest.
    private(set) var sequenceLength: Int?
    /// Whether several samples share a row already.
    private(set) var isPacked: Bool?

    /// Reads a data set that is here, else takes what the stage that makes it states.
    init(_ payload: JSONValue, in recipe: Recipe, folder: String) {
        guard let text = (payload["dataset"] ?? payload["tokens"])?.stringValue else { return }
        switch DataReference(text) {
        case .artifact: return
        case .path(let path):
            guard let data = try? TokenDataset.load(path: LocalPath.absolute(path, from: folder)) else { return }
            (rows, sequenceLength) = (data.count, data.sequenceLength)
            isPacked = data.manifest.map { $0.packing != .none } ?? false
        case .stage(let reference):
            guard let maker = recipe.stages[reference.stage] else { return }
            sequenceLength = maker.payload["sequenceLength"]?.doubleValue.flatMap { Int(exactly: $0) }
            isPacked = maker.kind == .tokenizeCorpus || maker.payload["packing"] != .bool(false)
            if let length = sequenceLength, let tokens = maker.payload["tokens"]?.doubleValue {
                rows = Int((tokens / Double(length)).rounded(.up))
            }
        }
    }
}
