// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import MedicalBenchmark
import Messages
import ServiceRuntime
import Tensors

/// The benchmark's view of an encoder that lives elsewhere: each question is an `infer.embed` job, whose vectors come back
/// as an artifact.
///
/// `infer.embed` takes a model's folder and no remote model, so restricted texts may be put to it.
struct QueuedTokenEncoder: TokenEncoder {
    let name: String
    let identity: String
    let layer: Int
    private let model: DataReference
    private let context: JobContext

    init(_ encoder: SummaryEncoder, _ context: JobContext) throws {
        name = encoder.model.text
        identity = try ([name] + context.fingerprints(of: [encoder.model])).joined(separator: " ")
        layer = encoder.layer
        model = encoder.model
        self.context = context
    }

    func vectors(of texts: [String], call: String) async throws -> [TokenVectors] {
        let payload = EmbedTexts(model: model, texts: texts, layer: layer)
        let answers = try await context.ask(.inferEmbed, [payload], key: JobContext.key(call))
        guard let answer = answers.first else { return [] }
        let path = try context.resolve(answer.vectors)
        return try await context.compute { try Self.read(path, count: texts.count) }
    }

    /// The vectors in a file as `infer.embed` writes it.
    static func read(_ path: String, count: Int) throws -> [TokenVectors] {
        do {
            let file = try SafetensorsFile(URL(filePath: path))
            return try (0..<count).map { number in
                let ids = try file.integers("ids.\(number)")
                let vectors = try file.tensor("vectors.\(number)")
                let width = ids.isEmpty ? 0 : vectors.shape.count / ids.count
                guard vectors.shape == [ids.count, width], ids.allSatisfy({ Int32(exactly: $0) != nil }) else {
                    throw CheckpointError(.mismatch, "\(path): vectors.\(number) has no row for each id")
                }
                return TokenVectors(ids: ids.map { Int32($0) }, values: vectors.values, dimension: width)
            }
        } catch let error as CheckpointError {
            throw JobFailure(
                .childFailed, title: "An encoder's vectors can't be read",
                detail: "\(error.description); run services of one version")
        }
    }
}

extension SummaryScorer {
    /// The scorer that a payload asks for; nil where it names no encoder.
    static func named(_ encoder: SummaryEncoder?, _ context: JobContext) throws -> SummaryScorer? {
        try encoder.map { SummaryScorer(try QueuedTokenEncoder($0, context), idf: $0.idf ?? false) }
    }
}
