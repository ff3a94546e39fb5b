// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import ServiceRuntime

/// A model as the evaluator knows it: its names, and how much it can read at once. Its weights are never loaded here.
struct ModelUnderTest: Sendable {
    let model: ModelReference
    let adapter: DataReference?
    /// Where its tokenizer is; nil where it can only be given ids.
    let tokenizer: DataReference?
    let contextLength: Int
    /// Tells two models of one job apart in the names of children; empty where there is one.
    let prefix: String

    private struct Configuration: Decodable {
        var maxPositions: Int?
        enum CodingKeys: String, CodingKey { case maxPositions = "max_position_embeddings" }
        /// What transformers assumes for a LLaMA whose configuration does not say.
        static let defaultContextLength = 2048
    }

    init(
        _ model: ModelReference, adapter: DataReference?, prefix: String = "", _ context: JobContext
    ) throws {
        self.model = model
        self.adapter = adapter
        self.prefix = prefix
        let configuration: Data
        switch model {
        case .stored(let reference):
            tokenizer = reference
            let path = try context.resolve(reference) + "/config.json"
            guard let bytes = FileManager.default.contents(atPath: path) else {
                throw JobFailure.badInput(
                    "payload.model: \(reference.text) holds no config.json; name a model's folder")
            }
            configuration = bytes
        case .remote:
            throw JobFailure.badInput(
                "payload.model: an evaluation counts tokens by the model's own tokenizer, and a remote model has none "
                    + "here; it answers infer.generate and infer.score")
        case .fresh(let content, _, let tokenizer):
            self.tokenizer = tokenizer
            configuration = try MessageEncoder.encode(content)
        }
        guard let parsed = try? JSONDecoder().decode(Configuration.self, from: configuration) else {
            throw JobFailure.badInput("payload.model: its config.json is no JSON object with whole numbers")
        }
        contextLength = parsed.maxPositions ?? Configuration.defaultContextLength
        guard contextLength > 0 else {
            throw JobFailure.badInput("payload.model: its config.json has max_position_embeddings \(contextLength)")
        }
    }

    /// Whether a third party computes it.
    var isRemote: Bool { if case .remote = model { true } else { false } }

    /// Which weights answer, for rows that were asked before: with a path goes what tells that its files have changed.
    func identity(_ context: JobContext) throws -> String {
        try ([name()] + context.fingerprints(of: model.references + [adapter].compactMap { $0 }))
            .joined(separator: " ")
    }

    /// The model as a result names it.
    func name() throws -> String {
        let base =
            if case .stored(let reference) = model { reference.text } else {
                String(decoding: try MessageEncoder.encode(model), as: UTF8.self)
            }
        return adapter.map { "\(base) with \($0.text)" } ?? base
    }
}
