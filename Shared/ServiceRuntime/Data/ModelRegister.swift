// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import Messages

/// Names that an operator gave to models, from a YAML or JSON file:
///
///     models:
///       clinic: {model: "sha256:…", adapter: "sha256:…"}
///       hosted: {remote: {url: "https://…/v1", model: "…", keyVariable: "…", requestsPerMinute: 60}}
public struct ModelRegister: Sendable {
    /// What a name stands for.
    public struct Entry: Codable, Sendable, Hashable {
        /// Exactly one of `model` and `remote` is given.
        public var model: DataReference?
        public var adapter: DataReference?
        public var remote: RemoteModel?
        /// How messages are written for it, where its folder does not say.
        public var chatTemplate: String?

        /// As a payload names it; nil for what has neither.
        func reference(named name: String) -> ModelReference? {
            remote == nil ? model.map { .stored($0) } : .remote(name)
        }
    }

    private struct Document: Codable {
        var models: [String: Entry]
    }

    /// By name.
    public var models: [String: Entry] = [:]

    /// What a name stands for in a payload.
    public func reference(named name: String) -> ModelReference? { models[name]?.reference(named: name) }

    /// No names.
    public init() {}

    /// Reads a document; an error names the place.
    public init(parsing text: String) throws {
        let document = try MessageDecoder(policy: .strict).decode(Document.self, from: YAMLDocument.parse(text))
        for (name, entry) in document.models {
            guard Self.isName(name) else {
                throw MessageError(
                    .invalidValue, path: "models",
                    detail:
                        "a name is letters, digits, '.', '_', '-', ':' and '/', at most 200, and not like an artifact's"
                )
            }
            let isWhole = (entry.model == nil) != (entry.remote == nil) && (entry.remote == nil || entry.adapter == nil)
            guard isWhole else {
                throw MessageError(
                    .invalidValue, path: "models.\(name)", detail: "give model, with or without adapter, or remote")
            }
            try entry.remote?.validate("models.\(name).remote")
            for case .stage in [entry.model, entry.adapter].compactMap({ $0 }) {
                throw MessageError(
                    .invalidValue, path: "models.\(name)", detail: "names a stage; name an artifact or a path")
            }
        }
        models = document.models
    }

    /// Reads a file of at most 1 MiB.
    public init(file: String) throws(SettingsError) {
        do {
            guard let data = FileManager.default.contents(atPath: file), data.count <= 1 << 20 else {
                throw MessageError(.malformedJSON, path: "", detail: "can't be read, or is larger than 1 MiB")
            }
            try self.init(parsing: String(decoding: data, as: UTF8.self))
        } catch {
            throw SettingsError(.malformedFile, source: file, detail: "\(error); check MELLAMA_MODELS_FILE")
        }
    }

    private static func isName(_ name: String) -> Bool {
        let isPlain = name.utf8.allSatisfy { byte in
            JobID(String(decoding: [byte], as: UTF8.self)).isWellFormed || byte == UInt8(ascii: ":")
                || byte == UInt8(ascii: "/")
        }
        return !name.isEmpty && name.utf8.count <= 200 && isPlain && !name.hasPrefix(ArtifactID.prefix)
    }
}
