// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import Llama
import Tensors

/// Turns one model's files into another format or precision, one tensor in memory at a time.
public enum ModelConversion {
    /// What holds the weights.
    public enum Container: String, Sendable, CaseIterable {
        /// A folder that transformers loads.
        case safetensors
        /// `model.gguf` beside config.json: for llama.cpp, and for quantised weights here.
        case gguf
    }

    /// Writes the model into `folder`: config.json, the weights, and the tokenizer of a GGUF source (that of a folder
    /// is the caller's to copy).
    ///
    /// Matrices get the format, but in GGUF norms are float32, rows that are no whole blocks float16,
    /// and beside Q4_0 the embedding and the head are Q8_0. Each file is published
    /// whole, config.json last. `progress` is called with the bytes written so far and in all.
    public static func convert(
        _ source: ModelSource, to folder: URL, container: Container, format: WeightFormat,
        progress: (Int, Int) throws -> Void = { _, _ in }
    ) throws {
        switch container {
        case .safetensors:
            guard let type = format.elementType else {
                throw CheckpointError(
                    .unsupported, "safetensors cannot hold \(format.rawValue); give the format gguf, or another dtype")
            }
            try LlamaCheckpoint.write(
                source.configuration, to: folder, as: type, passingThrough: source.folder
            ) { entry, writer in
                writer.add(entry.name, entry.shape, as: type) {
                    try source.tensors.read(entry.name, shape: entry.shape, into: $0)
                }
            }
        case .gguf:
            try writeGGUF(source, to: folder, format, progress)
        }
        if source.folder == nil { try ModelSource.reading { try source.vocabulary?.write(to: folder) } }
    }

    /// Bytes of the weights of a model in GGUF of this format; nil if it has no blocks.
    public static func keptBytes(_ configuration: LlamaConfiguration, _ format: WeightFormat) -> Int? {
        guard format.blockFormat != nil else { return nil }
        return LlamaWeights.entries(of: configuration).reduce(0) { sum, entry in
            let rowLength = entry.shape.dimensions[entry.shape.rank - 1]
            return sum + entry.shape.count / rowLength * (own(format, entry).rowBytes(rowLength) ?? 0)
        }
    }

    /// What a tensor is stored as in GGUF.
    private static func own(_ format: WeightFormat, _ entry: ParameterLayout.Entry) -> WeightFormat {
        guard entry.shape.rank == 2 else { return .float32 }
        // The errors of the embedding and the head reach every token.
        let isEdge = entry.name == "lm_head.weight" || entry.name == "model.embed_tokens.weight"
        let wanted = format == .q4 && isEdge ? WeightFormat.q8 : format
        return wanted.fitting(rowLength: entry.shape.dimensions[1])
    }

    private static func writeGGUF(
        _ source: ModelSource, to folder: URL, _ format: WeightFormat, _ progress: (Int, Int) throws -> Void
    ) throws {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch { throw CheckpointError(.unwritable, "cannot create the folder \(folder.path)") }
        let c = source.configuration
        var writer = GGUFWriter()
        writer.add("general.architecture", .string(GGUFConfiguration.architecture))
        writer.add("general.file_type", .integer(fileType(format)))
        writer.add("general.quantization_version", .integer(2))
        GGUFConfiguration.add(c, begin: source.vocabulary?.begin, end: source.vocabulary?.end, to: &writer)
        if let vocabulary = source.vocabulary {
            try vocabulary.add(to: &writer, for: c)
        } else {
            writer.add("tokenizer.ggml.model", .string(GGUFVocabulary.none))
        }
        let names = LlamaTensorNames(configuration: c)
        for entry in LlamaWeights.entries(of: c) {
            let rowLength = entry.shape.dimensions[entry.shape.rank - 1]
            writer.add(names.stored(entry.name), own(format, entry), entry.shape) { target in
                guard names.isInterleaved(entry.name) else {
                    return try source.tensors.read(entry.name, shape: entry.shape, into: target)
                }
                var published = Tensor(zeros: entry.shape)
                try published.withUnsafeMutableValues {
                    try source.tensors.read(entry.name, shape: entry.shape, into: $0)
                }
                published.withUnsafeValues { values in
                    guard let from = values.baseAddress, let to = target.baseAddress else { return }
                    for row in 0..<entry.shape.dimensions[0] {
                        let stored = names.storedRow(row, of: entry.name)
                        (to + stored * rowLength).update(from: from + row * rowLength, count: rowLength)
                    }
                }
            }
        }
        try writer.write(to: folder.appending(path: LlamaCheckpoint.quantizedName), progress: progress)
        try LlamaCheckpoint.writeSettings(
            c, to: folder, as: format.elementType ?? .float32, passingThrough: source.folder)
    }

    /// llama.cpp's number for what most tensors are.
    private static func fileType(_ format: WeightFormat) -> Int {
        switch format {
        case .float32: 0
        case .float16: 1
        case .q4: 2
        case .q8: 7
        case .bfloat16: 32
        }
    }
}
