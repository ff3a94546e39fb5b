// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Encoders
import Files
import Foundation
import Messages
import ServiceRuntime
import Tensors

/// Serves `infer.embed`: a vector for every token of some texts. The encoder's weights stay in their file, mapped.
struct EmbedHandler: JobHandler {
    let kinds: [JobKind] = [.inferEmbed]

    func handle(_ payload: EmbedTexts, context: JobContext) async throws -> EmbedTexts.Output {
        let (file, tokens, truncated, embeddings) = try await context.compute {
            try Self.describing { try embed(payload, context) }
        }
        return EmbedTexts.Output(
            vectors: try await context.publish(file.path, name: "vectors.safetensors"), tokens: tokens,
            truncated: truncated, embeddings: embeddings)
    }

    private func embed(
        _ payload: EmbedTexts, _ context: JobContext
    ) throws -> (file: URL, tokens: [Int], truncated: Int, embeddings: [[Double]]?) {
        let folder = URL(filePath: try context.resolve(payload.model), directoryHint: .isDirectory)
        let encoder = try BERTEncoder(folder)
        let width = encoder.configuration.hiddenSize
        let layer = payload.layer ?? encoder.configuration.layerCount
        var writer = SafetensorsWriter()
        var tokens: [Int] = []
        var truncated = 0
        var embeddings: [[Double]] = []
        for (number, text) in payload.texts.enumerated() {
            try context.checkStop()
            context.report(JobProgress(phase: "embedding", step: number, total: payload.texts.count))
            let vectors = try encoder.vectors(of: text, layer: layer)
            tokens.append(vectors.ids.count)
            truncated += vectors.isCut ? 1 : 0
            writer.add("ids.\(number)", integers: vectors.ids.map(Int64.init))
            writer.add("vectors.\(number)", Tensor(vectors.values, shape: [vectors.ids.count, width]))
            if let pooling = payload.pooling { embeddings.append(Self.pooled(vectors, width, pooling)) }
        }
        let workspace = URL(filePath: try context.workspace, directoryHint: .isDirectory)
        let file = workspace.appending(path: "vectors.safetensors")
        try writer.write(to: file)
        return (file, tokens, truncated, payload.pooling == nil ? nil : embeddings)
    }

    private static func pooled(
        _ vectors: BERTEncoder.Vectors, _ width: Int, _ pooling: EmbedTexts.Pooling
    ) -> [Double] {
        switch pooling {
        case .first: return vectors.values[..<width].map(Double.init)
        case .mean:
            let count = vectors.ids.count
            return (0..<width).map { column in
                (0..<count).reduce(0.0) { $0 + Double(vectors.values[$1 * width + column]) } / Double(count)
            }
        }
    }

    private static func describing<T>(_ body: () throws -> T) throws -> T {
        do { return try InferenceFailure.describing(body) } catch let error as EncoderError {
            throw JobFailure.badInput(error.description)
        }
    }
}
