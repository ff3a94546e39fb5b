// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// Publishes a folder all at once: its files are written aside and synced, then the folder is renamed into place.
enum PublishedFolder {
    /// What a folder is called before it is whole.
    static let asidePrefix = ".partial-"

    /// Makes `name` in `parent` with the files that `write` puts into it; on failure nothing stays behind.
    static func publish(_ name: String, in parent: URL, write: (URL) throws -> Void) throws {
        let manager = FileManager.default
        let aside = parent.appending(path: asidePrefix + name, directoryHint: .isDirectory)
        do {
            try manager.createDirectory(at: parent, withIntermediateDirectories: true)
            try? manager.removeItem(at: aside)
            try manager.createDirectory(at: aside, withIntermediateDirectories: false)
            try write(aside)
            for file in try manager.contentsOfDirectory(at: aside, includingPropertiesForKeys: nil) {
                try synchronize(file)
            }
            try synchronize(aside)
            let target = parent.appending(path: name, directoryHint: .isDirectory)
            if manager.fileExists(atPath: target.path) { try manager.removeItem(at: target) }
            guard rename(aside.path, target.path) == 0 else { throw failure("rename", target) }
            try synchronize(parent)
        } catch {
            try? manager.removeItem(at: aside)
            throw error
        }
    }

    /// Removes what an earlier process left unfinished.
    static func removeLeftovers(in parent: URL) {
        let manager = FileManager.default
        for name in (try? manager.contentsOfDirectory(atPath: parent.path)) ?? [] where name.hasPrefix(asidePrefix) {
            try? manager.removeItem(at: parent.appending(path: name))
        }
    }

    private static func synchronize(_ url: URL) throws {
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", url) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync", url) }
    }

    private static func failure(_ operation: String, _ url: URL) -> TrainingError {
        TrainingError(
            .checkpoint, url.path, "cannot \(operation) it: \(String(cString: strerror(errno)))",
            remedy: "check the folder's disk and permissions")
    }
}
