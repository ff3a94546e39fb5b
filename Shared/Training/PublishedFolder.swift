// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Glibc

/// Publishes a folder all at once: its files are written and synced in a folder aside, which is then renamed.
enum PublishedFolder {
    /// What a folder is called before it is whole.
    static let asidePrefix = ".partial-"

    /// Makes `name` in `parent` with the files that `write` publishes in the folder it is given.
    ///
    /// On failure nothing stays behind. A folder of this name that is there already is replaced.
    static func publish(_ name: String, in parent: URL, write: (URL) throws -> Void) throws {
        let manager = FileManager.default
        let aside = parent.appending(path: asidePrefix + name, directoryHint: .isDirectory)
        do {
            try manager.createDirectory(at: parent, withIntermediateDirectories: true)
            try? manager.removeItem(at: aside)
            try manager.createDirectory(at: aside, withIntermediateDirectories: false)
            try write(aside)
            try PublishedFile.syncFolder(aside.path)
            let target = parent.appending(path: name, directoryHint: .isDirectory)
            if manager.fileExists(atPath: target.path) { try manager.removeItem(at: target) }
            guard rename(aside.path, target.path) == 0 else {
                throw TrainingError(
                    .checkpoint, target.path, "cannot be renamed into place: \(String(cString: strerror(errno)))",
                    remedy: "check the folder's disk and permissions")
            }
            try PublishedFile.syncFolder(parent.path)
        } catch let error as CocoaError {
            try? manager.removeItem(at: aside)
            let isFull = error.code == .fileWriteOutOfSpace
            throw TrainingError(
                .checkpoint, parent.path,
                "cannot be written (\(isFull ? "No space left on device" : "\(error.code.rawValue)"))",
                remedy: "check the folder's disk and permissions")
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
}
