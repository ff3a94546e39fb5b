// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Tensors

/// The safetensors files of a folder: one `model.safetensors`, or those its index names.
struct CheckpointShards: CheckpointTensors {
    private let files: [SafetensorsFile]
    /// Which file holds a tensor.
    private let places: [String: Int]
    private let folder: URL

    init(_ folder: URL) throws {
        self.folder = folder
        let single = folder.appending(path: "model.safetensors")
        let index = folder.appending(path: "model.safetensors.index.json")
        if FileManager.default.fileExists(atPath: index.path) {
            let map = try CheckpointIndex(reading: index).weightMap
            let names = Set(map.values).sorted()
            files = try names.map { try SafetensorsFile(folder.appending(path: $0)) }
            var places: [String: Int] = [:]
            for (tensor, name) in map {
                guard let file = names.firstIndex(of: name), files[file][tensor] != nil else {
                    throw CheckpointError(
                        .mismatch, "\(index.path) places \(tensor) in \(name), which does not hold it")
                }
                places[tensor] = file
            }
            for (file, content) in files.enumerated() {
                for entry in content.entries where places[entry.name] != file {
                    throw CheckpointError(
                        .mismatch, "\(content.path) holds \(entry.name), which the index does not place there")
                }
            }
            self.places = places
        } else if FileManager.default.fileExists(atPath: single.path) {
            let file = try SafetensorsFile(single)
            files = [file]
            places = Dictionary(uniqueKeysWithValues: file.entries.map { ($0.name, 0) })
        } else {
            throw CheckpointError(
                .unreadable,
                "\(folder.path) has neither model.safetensors nor model.safetensors.index.json; is it a model folder?")
        }
    }

    /// The file that holds a tensor.
    func file(of name: String) throws -> SafetensorsFile {
        guard let place = places[name] else { throw Self.missing(name, folder) }
        return files[place]
    }

    func read(_ name: String, shape: Shape, into target: UnsafeMutableBufferPointer<Float>) throws {
        try file(of: name).read(name, shape: shape, into: target)
    }

    func matrix(_ name: String, rows: Int, columns: Int) throws -> StoredMatrix {
        try file(of: name).matrix(name, rows: rows, columns: columns)
    }

    func storedRow(of name: String) -> ((Int) -> Int)? { nil }

    /// Gives the memory of what was read back.
    func release() { files.forEach { $0.release() } }

    /// Checks that the folder holds exactly these tensors in these shapes.
    ///
    /// `lm_head.weight` beside tied embeddings and the buffers `…rotary_emb.inv_freq` of old checkpoints are allowed:
    /// transformers ignores both.
    func check(_ expected: [ParameterLayout.Entry], tied: Bool) throws {
        var left = Set(places.keys)
        for entry in expected {
            guard let found = try? file(of: entry.name)[entry.name] else { throw Self.missing(entry.name, folder) }
            guard found.shape == entry.shape else {
                throw CheckpointError(
                    .mismatch,
                    "\(folder.path): \(entry.name) has the shape \(found.shape), config.json needs \(entry.shape)")
            }
            left.remove(entry.name)
        }
        let allowed = left.filter { $0.hasSuffix(".rotary_emb.inv_freq") || (tied && $0 == "lm_head.weight") }
        if let extra = left.subtracting(allowed).sorted().first {
            throw CheckpointError(
                .mismatch, "\(folder.path) holds \(extra), which a Llama of this config.json does not have")
        }
    }

    private static func missing(_ name: String, _ folder: URL) -> CheckpointError {
        CheckpointError(.mismatch, "\(folder.path) lacks the tensor \(name), which config.json needs")
    }
}
