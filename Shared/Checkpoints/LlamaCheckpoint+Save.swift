// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
public import FoundationEssentials
public import Llama
public import Tensors

extension LlamaCheckpoint {
    /// Bytes of one safetensors file unless told otherwise.
    public static let defaultShardBytes = 5_000_000_000

    /// Writes a model folder that transformers 4 and 5 load: config.json, safetensors (sharded with an index when they
    /// would be larger than `maxShardBytes`), and generation_config.json if `source` has one.
    ///
    /// Every file is published whole, config.json last; model files of an earlier save that would contradict the new
    /// ones are removed. Tokenizer files are the caller's to copy.
    public static func save(
        _ weights: LlamaWeights, to folder: URL, as type: ElementType = .float32,
        maxShardBytes: Int = defaultShardBytes, passingThrough source: URL? = nil
    ) throws {
        guard weights.stored == nil else {
            throw CheckpointError(.unsupported, "weights that are kept in blocks are not written; convert their files")
        }
        try write(
            weights.configuration, to: folder, as: type, maxShardBytes: maxShardBytes, passingThrough: source
        ) { entry, writer in
            if let tensor = weights[entry.name] { writer.add(entry.name, tensor, as: type) }
        }
    }

    /// Writes a model folder whose tensors `add` gives to the writer of each file.
    static func write(
        _ configuration: LlamaConfiguration, to folder: URL, as type: ElementType,
        maxShardBytes: Int = defaultShardBytes, passingThrough source: URL?,
        add: (ParameterLayout.Entry, inout SafetensorsWriter) -> Void
    ) throws {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch { throw CheckpointError(.unwritable, "cannot create the folder \(folder.path)") }
        let all = LlamaWeights.entries(of: configuration)
        let shards = shards(of: all, type: type, maxShardBytes: maxShardBytes)
        let names =
            shards.count == 1
            ? ["model.safetensors"]
            : shards.indices.map { "model-\(padded($0 + 1))-of-\(padded(shards.count)).safetensors" }
        var map: [String: String] = [:]
        for (entries, name) in zip(shards, names) {
            var writer = SafetensorsWriter()
            for entry in entries {
                add(entry, &writer)
                map[entry.name] = name
            }
            try writer.write(to: folder.appending(path: name))
        }
        let index = folder.appending(path: "model.safetensors.index.json")
        if shards.count > 1 {
            let count = all.reduce(0) { $0 + $1.shape.count }
            let content = CheckpointIndex(
                metadata: CheckpointIndex.Metadata(totalParameters: count, totalSize: count * type.size),
                weightMap: map)
            try PublishedFile.write([UInt8](json(content)), to: index.path)
        }
        try removeOthers(than: Set(names + (shards.count > 1 ? [index.lastPathComponent] : [])), in: folder)
        try writeSettings(configuration, to: folder, as: type, passingThrough: source)
    }

    /// Writes generation_config.json, if `source` has one, and config.json.
    static func writeSettings(
        _ configuration: LlamaConfiguration, to folder: URL, as type: ElementType, passingThrough source: URL?
    ) throws {
        let generation = "generation_config.json"
        if let source = source?.appending(path: generation), FileManager.default.fileExists(atPath: source.path) {
            let settings = try MappedFile.contents(path: source.path, largest: 1 << 20)
            try PublishedFile.write(settings, to: folder.appending(path: generation).path)
        }
        try PublishedFile.write(
            [UInt8](configurationData(configuration, type: type)), to: folder.appending(path: "config.json").path)
    }

    /// The bytes of a config.json that transformers 4 and 5 read.
    public static func configurationData(_ configuration: LlamaConfiguration, type: ElementType) throws -> Data {
        let encoder = jsonEncoder
        let names: [ElementType: String] = [.float32: "float32", .bfloat16: "bfloat16", .float16: "float16"]
        if let key = LlamaConfiguration.dtypeKey { encoder.userInfo[key] = names[type] }
        return JSONText.withFloats(try encoder.encode(configuration))
    }

    static func json(_ value: some Encodable) throws -> Data { JSONText.withFloats(try jsonEncoder.encode(value)) }

    private static var jsonEncoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    /// The weights in model order, cut where a file would grow beyond the limit; a tensor is never cut.
    private static func shards(
        of entries: [ParameterLayout.Entry], type: ElementType, maxShardBytes: Int
    ) -> [[ParameterLayout.Entry]] {
        var shards: [[ParameterLayout.Entry]] = [[]]
        var bytes = 0
        for entry in entries {
            let size = entry.shape.count * type.size
            if bytes > 0, bytes + size > maxShardBytes {
                shards.append([])
                bytes = 0
            }
            shards[shards.count - 1].append(entry)
            bytes += size
        }
        return shards
    }

    /// Removes weight files of an earlier save; an index and a whole file beside each other would contradict.
    private static func removeOthers(than kept: Set<String>, in folder: URL) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names where !kept.contains(name) {
            let isShard = name.hasPrefix("model-") && name.hasSuffix(".safetensors")
            guard isShard || name == "model.safetensors" || name == "model.safetensors.index.json" else { continue }
            do { try FileManager.default.removeItem(at: folder.appending(path: name)) } catch {
                throw CheckpointError(.unwritable, "cannot remove the outdated \(folder.path)/\(name)")
            }
        }
    }
}
