// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Messages
import ServiceRuntime

/// Serves `model.import`, `model.quantize` and `model.export`: a model's files become others, tensor by tensor.
struct ConvertHandler: JobHandler {
    let kinds: [JobKind] = [.modelImport, .modelQuantize, .modelExport]

    func handle(_ payload: ConvertModel, context: JobContext) async throws -> ConvertModel.Output {
        let (format, dtype) = payload.settings(for: context.kind)
        // What a payload of its own kind may leave out can contradict what it gives.
        if format == .safetensors, dtype == .q8 || dtype == .q4 {
            throw JobFailure.badInput(
                "payload.dtype: safetensors hold float32 or bfloat16; give \"dtype\", or \"format\": \"gguf\"")
        }
        let folder = try await context.compute {
            try TrainingFailure.describing {
                let source = try ModelSource(URL(filePath: try context.resolve(payload.model)))
                let folder = URL(filePath: try context.workspace, directoryHint: .isDirectory).appending(path: "result")
                try? FileManager.default.removeItem(at: folder)
                try ModelConversion.convert(
                    source, to: folder, container: format == .gguf ? .gguf : .safetensors,
                    format: Self.weights(dtype))
                if let origin = source.folder { try ModelFolder.copyTokenizer(from: [origin], to: folder) }
                return folder
            }
        }
        return ConvertModel.Output(model: try await context.publish(folder.path, name: "model"))
    }

    private static func weights(_ type: ConvertModel.WeightType) -> WeightFormat {
        switch type {
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .q8: .q8
        case .q4: .q4
        }
    }
}
