// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import Messages
import ServiceRuntime
import Tensors

/// Serves `train.merge`: adds an adapter's product to a model's weights, in float32, rounded once.
struct MergeHandler: JobHandler {
    let kinds: [JobKind] = [.trainMerge]

    func handle(_ payload: MergeAdapter, context: JobContext) async throws -> MergeAdapter.Output {
        let folder = try await context.compute {
            try TrainingFailure.describing {
                let source = URL(filePath: try context.resolve(payload.model))
                let weights = try LlamaCheckpoint.load(source)
                let adapter = try AdapterCheckpoint.load(
                    URL(filePath: try context.resolve(payload.adapter)), for: weights.configuration)
                let folder = URL(filePath: try context.workspace, directoryHint: .isDirectory).appending(path: "result")
                try? FileManager.default.removeItem(at: folder)
                try LlamaCheckpoint.save(
                    adapter.merge(into: weights), to: folder, as: payload.dtype == .bfloat16 ? .bfloat16 : .float32)
                try ModelFolder.copyTokenizer(from: [source], to: folder)
                return folder
            }
        }
        return MergeAdapter.Output(model: try await context.publish(folder.path, name: "model"))
    }
}
