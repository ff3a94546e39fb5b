// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Tensors

/// A model's dimensions as the metadata of a GGUF file give them.
struct GGUFConfiguration {
    /// The architecture that files name; Mistral's files name it too.
    static let architecture = "llama"

    let configuration: LlamaConfiguration
    private let file: GGUFFile

    init(_ file: GGUFFile) throws {
        self.file = file
        guard case .string(let name)? = file.metadata["general.architecture"] else {
            throw CheckpointError(.malformed, "\(file.path) does not say its general.architecture")
        }
        guard name == Array(Self.architecture.utf8) else {
            throw CheckpointError(
                .unsupported,
                "\(file.path) has the architecture \(String(decoding: name.prefix(64), as: UTF8.self)); llama is read")
        }
        let values = Values(file: file)
        guard let embedding = file["token_embd.weight"], embedding.shape.rank == 2 else {
            throw CheckpointError(.mismatch, "\(file.path) lacks the tensor token_embd.weight")
        }
        let heads = try values.required("llama.attention.head_count")
        let hidden = try values.required("llama.embedding_length")
        let headDimension = try values.integer("llama.attention.key_length")
        for key in ["llama.attention.value_length", "llama.rope.dimension_count"] {
            let other = try values.integer(key), own = headDimension ?? hidden / max(1, heads)
            if let other, other != own {
                throw CheckpointError(.unsupported, "\(file.path): \(key) is \(other), the width of a head \(own)")
            }
        }
        let theta = try values.real("llama.rope.freq_base") ?? 10000
        let width = headDimension ?? hidden / max(1, heads)
        do {
            configuration = try LlamaConfiguration(
                vocabularySize: embedding.shape.dimensions[0], hiddenSize: hidden,
                intermediateSize: values.required("llama.feed_forward_length"),
                layerCount: values.required("llama.block_count"), headCount: heads,
                keyValueHeadCount: values.integer("llama.attention.head_count_kv"), headDimension: headDimension,
                maxPositions: values.required("llama.context_length"),
                rmsNormEpsilon: values.real("llama.attention.layer_norm_rms_epsilon") ?? 1e-5, ropeTheta: theta,
                ropeScaling: GGUFRope.scaling(file, values, theta: theta, headDimension: width),
                slidingWindow: values.integer("llama.attention.sliding_window"),
                tieWordEmbeddings: file["output.weight"] == nil,
                beginOfSequenceID: values.integer("tokenizer.ggml.bos_token_id"),
                endOfSequenceIDs: Self.ends(values),
                paddingID: values.integer("tokenizer.ggml.padding_token_id"))
        } catch let error as LlamaError {
            throw LlamaError(
                error.code, error.description.replacing("config.json", with: file.path, maxReplacements: 1))
        }
    }

    /// Some files name the end of a turn beside the end of a text.
    private static func ends(_ values: Values) throws -> [Int] {
        var ends: [Int] = []
        for key in ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"] {
            if let id = try values.integer(key), !ends.contains(id) { ends.append(id) }
        }
        return ends
    }

    /// Adds the metadata of a configuration to a file to be written, with the ids that begin and end a sequence: those
    /// of the tokenizer before those of the configuration.
    static func add(_ c: LlamaConfiguration, begin: Int?, end: Int?, to writer: inout GGUFWriter) {
        writer.add("llama.vocab_size", .integer(c.vocabularySize))
        writer.add("llama.context_length", .integer(c.maxPositions))
        writer.add("llama.embedding_length", .integer(c.hiddenSize))
        writer.add("llama.block_count", .integer(c.layerCount))
        writer.add("llama.feed_forward_length", .integer(c.intermediateSize))
        writer.add("llama.attention.head_count", .integer(c.headCount))
        writer.add("llama.attention.head_count_kv", .integer(c.keyValueHeadCount))
        writer.add("llama.attention.key_length", .integer(c.headDimension))
        writer.add("llama.attention.value_length", .integer(c.headDimension))
        writer.add("llama.attention.layer_norm_rms_epsilon", .real(Double(c.rmsNormEpsilon)))
        if let window = c.slidingWindow { writer.add("llama.attention.sliding_window", .integer(window)) }
        writer.add("llama.rope.dimension_count", .integer(c.headDimension))
        writer.add("llama.rope.freq_base", .real(c.ropeTheta))
        if let id = begin ?? c.beginOfSequenceID, id >= 0 { writer.add("tokenizer.ggml.bos_token_id", .integer(id)) }
        let ends = [end].compactMap { $0 } + c.endOfSequenceIDs.filter { $0 != end && $0 >= 0 }
        for (key, id) in zip(["eos", "eot"], ends) { writer.add("tokenizer.ggml.\(key)_token_id", .integer(id)) }
        GGUFRope.add(c, to: &writer)
    }

    /// Typed access to the metadata.
    struct Values {
        let file: GGUFFile

        func integer(_ key: String) throws -> Int? {
            switch file.metadata[key] {
            case nil: return nil
            case .integer(let value): return value
            // One for every layer, where they may differ.
            case .integers(let values) where !values.isEmpty && values.allSatisfy { $0 == values[0] }: return values[0]
            default: throw CheckpointError(.malformed, "\(file.path): \(key) is no whole number, or differs by layer")
            }
        }

        func required(_ key: String) throws -> Int {
            guard let value = try integer(key) else {
                throw CheckpointError(.malformed, "\(file.path) lacks the metadata \(key)")
            }
            return value
        }

        func real(_ key: String) throws -> Double? {
            switch file.metadata[key] {
            case nil: return nil
            // The shortest decimal: 1e-5 is stored as float32.
            case .real(let value): return Double(Float(value).description) ?? value
            case .integer(let value): return Double(value)
            default: throw CheckpointError(.malformed, "\(file.path): \(key) is no number")
            }
        }

        func boolean(_ key: String) throws -> Bool? {
            switch file.metadata[key] {
            case nil: return nil
            case .boolean(let value): return value
            default: throw CheckpointError(.malformed, "\(file.path): \(key) is no boolean")
            }
        }

        func string(_ key: String) throws -> String? {
            switch file.metadata[key] {
            case nil: return nil
            case .string(let value): return String(decoding: value, as: UTF8.self)
            default: throw CheckpointError(.malformed, "\(file.path): \(key) is no string")
            }
        }
    }
}
