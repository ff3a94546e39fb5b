// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Files
public import Foundation
import Tensors

/// A BERT encoder (Devlin et al. 2018) with its tokenizer, from a Hugging Face folder: config.json, model.safetensors,
/// vocab.txt. Computes in float32. Calls block their thread and may run at the same time.
public final class BERTEncoder: Sendable {
    /// The vectors of one text's tokens.
    public struct Vectors: Sendable {
        /// The ids, [CLS] and [SEP] among them.
        public let ids: [Int32]
        /// [tokens, hiddenSize], row by row.
        public let values: [Float]
        /// Whether the text was longer than the encoder's context and lost its end.
        public let isCut: Bool
    }

    /// The dimensions.
    public let configuration: BERTConfiguration
    private let tokenizer: WordPieceTokenizer
    private let weights: [String: Tensor]

    /// Loads the encoder in a folder. Throws errors that name the file, the field or the tensor.
    public init(_ folder: URL) throws {
        configuration = try Self.json(folder.appending(path: "config.json"))
        let settingsFile = folder.appending(path: "tokenizer_config.json")
        let hasSettings = FileManager.default.fileExists(atPath: settingsFile.path)
        let vocabulary = folder.appending(path: "vocab.txt").path
        tokenizer = try WordPieceTokenizer(
            vocabulary: MappedFile.contents(path: vocabulary, largest: WordPieceTokenizer.largestFile),
            settings: hasSettings ? Self.json(settingsFile) : WordPieceSettings(), name: vocabulary)
        guard tokenizer.vocabularySize <= configuration.vocabularySize else {
            throw EncoderError(
                "\(vocabulary) has \(tokenizer.vocabularySize) pieces, config.json \(configuration.vocabularySize)")
        }
        weights = try BERTWeights.load(folder.appending(path: "model.safetensors"), configuration)
    }

    /// The output of a layer for each text: 0 is the embeddings, `layerCount` the last block.
    public func vectors(of text: String, layer: Int) throws -> Vectors {
        guard (0...configuration.layerCount).contains(layer) else {
            throw EncoderError("layer \(layer) is outside 0...\(configuration.layerCount)")
        }
        let (ids, isCut) = tokenizer.encode(text, most: configuration.maxPositions)
        var pass = BERTPass(configuration, weights, ids)
        for index in 0..<layer { pass.block(index) }
        return Vectors(ids: ids, values: pass.stream, isCut: isCut)
    }

    private static func json<Value: Decodable>(_ url: URL) throws -> Value {
        let data = Data(try MappedFile.contents(path: url.path, largest: 1 << 22))
        do { return try JSONDecoder().decode(Value.self, from: data) } catch let error as EncoderError {
            throw EncoderError(error.description.replacingOccurrences(of: "config.json", with: url.path))
        } catch { throw EncoderError("\(url.path) is not the JSON that is expected there") }
    }
}
