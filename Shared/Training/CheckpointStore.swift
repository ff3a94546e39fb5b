// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Files
import Foundation
import Tensors

/// The checkpoints of one run in a folder of their own: the newest two, each whole or absent.
///
/// A checkpoint is a folder `step-0000000042` of safetensors (parameters and both moments, under the published names)
/// and `state.json`, which has each file's size and fingerprint. It appears by one rename.
struct CheckpointStore {
    /// What a checkpoint holds beside `state.json`.
    struct Tensors {
        var parameters: ParameterSet
        var firstMoments: ParameterSet
        var secondMoments: ParameterSet
    }

    static let stateFile = "state.json"
    static let retention = 2
    private static let stateLimit = 1 << 30
    private static let files = ["parameters.safetensors", "first-moments.safetensors", "second-moments.safetensors"]

    let folder: URL

    /// Publishes a checkpoint, then removes all but the newest ones.
    func save(_ state: CheckpointState, _ tensors: borrowing Tensors) throws {
        let sets = [tensors.parameters, tensors.firstMoments, tensors.secondMoments]
        try PublishedFolder.publish(Self.name(of: state.step), in: folder) { aside in
            var state = state
            for (file, set) in zip(Self.files, sets) {
                let url = aside.appending(path: file)
                var writer = SafetensorsWriter()
                writer.add(set)
                try writer.write(to: url)
                state.files[file] = try Self.fingerprint(of: url)
            }
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            try PublishedFile.write([UInt8](encoder.encode(state)), to: aside.appending(path: Self.stateFile).path)
        }
        for name in names().dropFirst(Self.retention) {
            try? FileManager.default.removeItem(at: folder.appending(path: name))
        }
    }

    /// Removes every checkpoint, for a run that starts over: a later step of an old one would pass for the newest.
    func removeAll() throws {
        for name in names() { try FileManager.default.removeItem(at: folder.appending(path: name)) }
    }

    /// The newest whole checkpoint of this run, or nil.
    ///
    /// Damaged ones are passed over, each with its reason to `onIgnored`. One of another run throws: the folder was
    /// given by mistake, and going on would overwrite it.
    func newest(of identity: RunIdentity, onIgnored: (String, String) -> Void) throws -> CheckpointState? {
        for name in names() {
            let place = folder.appending(path: name)
            let state: CheckpointState
            do {
                state = try Self.state(in: place)
            } catch {
                onIgnored(name, "its \(Self.stateFile) cannot be read")
                continue
            }
            guard state.format == CheckpointState.currentFormat, Self.name(of: state.step) == name else {
                onIgnored(name, "it has another format or step than its name says")
                continue
            }
            if let difference = identity.difference(from: state.identity) {
                throw TrainingError(
                    .checkpoint, place.path, "cannot be continued: \(difference)",
                    remedy: "give another folder for checkpoints, or the recipe, dataset and model it was made with")
            }
            if let damaged = Self.files.first(where: { !Self.isWhole(place.appending(path: $0), state.files[$0]) }) {
                onIgnored(name, "\(damaged) is missing or damaged")
                continue
            }
            return state
        }
        return nil
    }

    /// Reads the tensors of a checkpoint into sets of their layout.
    func read(_ state: CheckpointState, into tensors: inout Tensors) throws {
        let place = folder.appending(path: Self.name(of: state.step))
        try Self.read(place.appending(path: Self.files[0]), into: &tensors.parameters)
        try Self.read(place.appending(path: Self.files[1]), into: &tensors.firstMoments)
        try Self.read(place.appending(path: Self.files[2]), into: &tensors.secondMoments)
    }

    private static func read(_ url: URL, into set: inout ParameterSet) throws {
        let file = try SafetensorsFile(url)
        let entries = set.layout.entries
        guard file.entries.count == entries.count else {
            throw TrainingError(
                .checkpoint, url.path, "has \(file.entries.count) tensors, the model trains \(entries.count)",
                remedy: "remove this checkpoint")
        }
        try set.withUnsafeMutableValues { values in
            for entry in entries {
                try file.read(
                    entry.name, shape: entry.shape, into: UnsafeMutableBufferPointer(rebasing: values[entry.range]))
            }
        }
    }

    /// Checkpoint folders, newest first.
    private func names() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
            .filter { $0.hasPrefix("step-") && $0.count == 15 && Int($0.dropFirst(5)) != nil }
            .sorted(by: >)
    }

    private static func name(of step: Int) -> String {
        let digits = String(step)
        return "step-" + String(repeating: "0", count: max(0, 10 - digits.count)) + digits
    }

    private static func state(in place: URL) throws -> CheckpointState {
        let bytes = try MappedFile.contents(path: place.appending(path: stateFile).path, largest: stateLimit)
        return try JSONDecoder().decode(CheckpointState.self, from: Data(bytes))
    }

    private static func fingerprint(of url: URL) throws -> CheckpointState.File {
        let file = try MappedFile(path: url.path)
        var digest = ContentDigest()
        digest.update(file)
        return CheckpointState.File(bytes: file.bytes.count, digest: digest.text)
    }

    private static func isWhole(_ url: URL, _ known: CheckpointState.File?) -> Bool {
        guard let known, let found = try? fingerprint(of: url) else { return false }
        return found == known
    }
}
