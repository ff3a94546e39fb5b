// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Tensors

/// The weights of a BERT encoder by the names without the prefix that heads put in front.
enum BERTWeights {
    static func load(_ url: URL, _ c: BERTConfiguration) throws -> [String: Tensor] {
        let file = try SafetensorsFile(url)
        // A model with a head on it keeps the encoder under this name.
        let prefix = file["bert.embeddings.word_embeddings.weight"] == nil ? "" : "bert."
        var weights: [String: Tensor] = [:]
        for (name, shape) in shapes(c) {
            guard let entry = file[prefix + name] ?? file[prefix + older(name)] else {
                throw EncoderError("\(url.path) lacks the tensor \(prefix + name)")
            }
            guard entry.shape == shape else {
                throw EncoderError(
                    "\(url.path): \(entry.name) has the shape \(entry.shape), config.json needs \(shape)")
            }
            weights[name] = try file.tensor(entry.name)
        }
        return weights
    }

    /// Checkpoints converted from TensorFlow name a norm's weight and bias so.
    private static func older(_ name: String) -> String {
        name.replacingOccurrences(of: "LayerNorm.weight", with: "LayerNorm.gamma")
            .replacingOccurrences(of: "LayerNorm.bias", with: "LayerNorm.beta")
    }

    private static func shapes(_ c: BERTConfiguration) -> [(String, Shape)] {
        let width = c.hiddenSize
        var shapes: [(String, Shape)] = [
            ("embeddings.word_embeddings.weight", [c.vocabularySize, width]),
            ("embeddings.position_embeddings.weight", [c.maxPositions, width]),
            ("embeddings.token_type_embeddings.weight", [c.typeCount, width]),
            ("embeddings.LayerNorm.weight", [width]), ("embeddings.LayerNorm.bias", [width]),
        ]
        for layer in 0..<c.layerCount {
            func add(_ name: String, _ shape: Shape) { shapes.append(("encoder.layer.\(layer).\(name)", shape)) }
            for module in [
                "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
            ] {
                add(module + ".weight", [width, width])
                add(module + ".bias", [width])
            }
            add("intermediate.dense.weight", [c.intermediateSize, width])
            add("intermediate.dense.bias", [c.intermediateSize])
            add("output.dense.weight", [width, c.intermediateSize])
            add("output.dense.bias", [width])
            for norm in ["attention.output.LayerNorm", "output.LayerNorm"] {
                add(norm + ".weight", [width])
                add(norm + ".bias", [width])
            }
        }
        return shapes
    }
}
