// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// Makes a message's paths good for the gateway: below a data root they are sent as they are, absolute; anything else is
/// uploaded and named by its artifact. `${stage.field}` and artifacts stay.
struct RecipePreparation: Sendable {
    /// The gateway's data roots.
    let dataRoots: [String]
    let uploader: FileUploader
    /// Where relative paths start.
    let folder: String

    func prepare(_ recipe: Recipe) async throws -> Recipe {
        var recipe = recipe
        for name in recipe.stages.keys.sorted() {
            guard var stage = recipe.stages[name] else { continue }
            do {
                let message = JobMessage(kind: stage.kind, payload: stage.payload)
                stage.payload = try await prepare(message).payload
            } catch let error as MellamaError {
                throw MellamaError("stage \(name): \(error)")
            }
            recipe.stages[name] = stage
        }
        return recipe
    }

    func prepare(_ message: JobMessage) async throws -> JobMessage {
        var replacements: [DataPlace: [DataReference]] = [:]
        for place in message.dataPlaces {
            guard case .path(let path) = place.reference else { continue }
            // A vocabulary's sources are told apart by their names' ends; an artifact that is a file has no name, but
            // the files of a folder have.
            replacements[place] = try await references(
                path, isListItem: place.isListItem, keepsNames: message.kind == .tokenizeTrain)
        }
        var prepared = message.replacingDataReferences { replacements[$0] ?? [$0.reference] }
        if let output = message.output, case .object(var members) = prepared.payload {
            members["output"] = .string(LocalPath.absolute(output, from: folder))
            prepared.payload = .object(members)
        }
        return prepared
    }

    private func references(_ path: String, isListItem: Bool, keepsNames: Bool) async throws -> [DataReference] {
        let absolute = LocalPath.absolute(path, from: folder)
        if let below = placeBelowRoot(absolute) { return [.path(below)] }
        guard path.contains("*") else { return [.artifact(try await upload(absolute, keepsNames))] }
        let matches = try LocalFiles.matches(absolute)
        guard !matches.isEmpty else {
            throw MellamaError("\(path): matches no file here, and is not below a data root of the gateway")
        }
        if isListItem || matches.count == 1 {
            var references: [DataReference] = []
            for match in matches { references.append(.artifact(try await upload(match, keepsNames))) }
            return references
        }
        // One place takes one reference: the files become one folder, each under its name.
        var files: [String: String] = [:]
        for match in matches where LocalFiles.kind(of: match) == .file {
            guard files.updateValue(match, forKey: LocalPath.name(of: match)) == nil else {
                throw MellamaError("\(path): matches two files of one name; name them one by one")
            }
        }
        return [.artifact(try await uploader.uploadFolder(files))]
    }

    private func upload(_ path: String, _ keepsName: Bool) async throws -> ArtifactID {
        guard keepsName, LocalFiles.kind(of: path) == .file else { return try await uploader.upload(path) }
        return try await uploader.uploadFolder([LocalPath.name(of: path): path])
    }

    /// The path as the gateway's machine knows it, where it lies below a data root.
    private func placeBelowRoot(_ path: String) -> String? {
        for candidate in [path, LocalPath.resolved(path)]
        where dataRoots.contains(where: { LocalPath.isInside(candidate, $0) }) {
            return candidate
        }
        return nil
    }
}
