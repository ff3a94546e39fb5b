// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
public import FoundationEssentials
public import Llama
import Tensors

/// A LoRA adapter folder in PEFT's layout: adapter_config.json and adapter_model.safetensors.
public enum AdapterCheckpoint {
    /// What PEFT puts before the names of the model it wraps.
    static let prefix = "base_model.model."

    /// Reads the adapter in `folder` for a model of this configuration.
    ///
    /// Throws `unsupported` for PEFT features this engine does not compute, `mismatch` naming the tensor (with both
    /// shapes) when a tensor is missing, unexpected or of another shape, and when no tensor belongs to the model.
    public static func load(_ folder: URL, for model: LlamaConfiguration) throws -> LoRAAdapter {
        let configuration = try configuration(folder)
        let url = folder.appending(path: "adapter_model.safetensors")
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw CheckpointError(
                .unreadable, "\(folder.path) has no adapter_model.safetensors; pickled .bin adapters are not read")
        }
        let file = try SafetensorsFile(url)
        var adapter = try LoRAAdapter(zeros: configuration, for: model)
        let entries = adapter.parameters.layout.entries
        let expected = Set(entries.map { prefix + $0.name })
        if !file.entries.contains(where: { expected.contains($0.name) }) {
            throw CheckpointError(
                .mismatch,
                "\(url.path): none of its \(file.entries.count) tensors belongs to this model "
                    + "(expected names like \(prefix)\(entries[0].name)); it would change nothing")
        }
        if let extra = file.entries.map(\.name).filter({ !expected.contains($0) }).sorted().first {
            throw CheckpointError(
                .mismatch, "\(url.path) holds \(extra), which adapter_config.json and the model do not have")
        }
        try adapter.parameters.withUnsafeMutableValues { all in
            for entry in entries {
                try file.read(
                    prefix + entry.name, shape: entry.shape,
                    into: UnsafeMutableBufferPointer(rebasing: all[entry.range]))
            }
        }
        return adapter
    }

    /// The settings in `folder`'s adapter_config.json.
    public static func configuration(_ folder: URL) throws -> LoRAConfiguration { try file(folder).configuration }

    /// The name of the base model in `folder`'s adapter_config.json, if it has one.
    public static func base(_ folder: URL) throws -> String? { try file(folder).base }

    private static func file(_ folder: URL) throws -> AdapterConfigurationFile {
        let url = folder.appending(path: "adapter_config.json")
        let data = Data(try MappedFile.contents(path: url.path, largest: 1 << 20))
        do {
            return try JSONDecoder().decode(AdapterConfigurationFile.self, from: data)
        } catch let error as CheckpointError {
            let verb = error.code == .unsupported ? "this engine " : ""
            throw CheckpointError(error.code, "\(url.path): \(verb)\(error.description)")
        } catch let error as LlamaError {
            throw LlamaError(error.code, "\(url.path): \(error.description)")
        } catch {
            throw CheckpointError(.malformed, "\(url.path): \(SafetensorsHeader.reason(error))")
        }
    }

    /// Writes a folder that PEFT loads over the base model.
    ///
    /// - Parameter base: the base model's name or path, kept in adapter_config.json for PEFT's users.
    public static func save(_ adapter: LoRAAdapter, to folder: URL, base: String? = nil) throws {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch { throw CheckpointError(.unwritable, "cannot create the folder \(folder.path)") }
        var writer = SafetensorsWriter()
        writer.add(adapter.parameters) { prefix + $0 }
        try writer.write(to: folder.appending(path: "adapter_model.safetensors"))
        let content = AdapterConfigurationOutput(adapter.configuration, base: base)
        try PublishedFile.write(
            [UInt8](LlamaCheckpoint.json(content)), to: folder.appending(path: "adapter_config.json").path)
    }
}
