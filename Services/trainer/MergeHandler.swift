// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import Messages
import ServiceRuntime
import Tensors

/// Serves `train.merge`: adds an adapter's product to a model's weights, in float32, rounded once; those may be in blocks.
struct MergeHandler: JobHandler {
    let kinds: [JobKind] = [.trainMerge]

    func handle(_ payload: MergeAdapter, context: JobContext) async throws -> MergeAdapter.Output {
        let folder = try await context.compute {
            try TrainingFailure.describing {
                let source = URL(filePath: try context.resolve(payload.model))
                let adapter = try AdapterCheckpoint.load(
                    URL(filePath: try context.resolve(payload.adapter)), for: LlamaCheckpoint.configuration(source))
                let folder = URL(filePath: try context.workspace, directoryHint: .isDirectory).appending(path: "result")
                try? FileManager.default.removeItem(at: folder)
                try LlamaCheckpoint.merge(
                    adapter, into: source, to: folder, as: payload.dtype == .bfloat16 ? .bfloat16 : .float32)
                try ModelFolder.copyTokenizer(from: [source], to: folder)
                return folder
            }
        }
        return MergeAdapter.Output(model: try await context.publish(folder.path, name: "model"))
    }
}
