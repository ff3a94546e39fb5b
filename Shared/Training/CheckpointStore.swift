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
    /// What a checkpoint holds beside `state.json`, each in a file of its own.
    enum Kind: String, CaseIterable {
        case parameters
        case firstMoments = "first-moments"
        case secondMoments = "second-moments"

        var file: String { "\(rawValue).safetensors" }
    }

    static let stateFile = "state.json"
    static let retention = 2
    private static let stateLimit = 1 << 30

    let folder: URL

    /// Publishes a checkpoint of the tensors it asks for, one kind after the other; then removes all but the newest ones.
    func save(_ state: CheckpointState, _ tensors: (Kind) throws -> ParameterSet) throws {
        try PublishedFolder.publish(Self.name(of: state.step), in: folder) { aside in
            var state = state
            for kind in Kind.allCases {
                let url = aside.appending(path: kind.file)
                var writer = SafetensorsWriter()
                writer.add(try tensors(kind))
                try writer.write(to: url)
                state.files[kind.file] = try Self.fingerprint(of: url)
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
            let files = Kind.allCases.map(\.file)
            if let damaged = files.first(where: { !Self.isWhole(place.appending(path: $0), state.files[$0]) }) {
                onIgnored(name, "\(damaged) is missing or damaged")
                continue
            }
            return state
        }
        return nil
    }

    /// The checkpoint of this step, which ``newest(of:onIgnored:)`` has found whole on another rank.
    func state(of step: Int) throws -> CheckpointState {
        let place = folder.appending(path: Self.name(of: step))
        do { return try Self.state(in: place) } catch {
            throw TrainingError(
                .checkpoint, place.path, "is seen by rank 0 alone",
                remedy: "keep checkpoints on a volume that all ranks share")
        }
    }

    /// The tensors of one kind.
    func read(_ kind: Kind, of state: CheckpointState, _ layout: ParameterLayout) throws -> ParameterSet {
        var set = try ParameterSet(zeros: layout)
        try read(kind, of: state, into: &set)
        return set
    }

    /// Reads the tensors of one kind into a set of their layout.
    func read(_ kind: Kind, of state: CheckpointState, into set: inout ParameterSet) throws {
        let url = folder.appending(path: Self.name(of: state.step)).appending(path: kind.file)
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
