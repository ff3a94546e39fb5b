// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials
import Tokenization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A folder that is filled beside its final name and renamed when it is complete; it vanishes if it never is.
struct StagedFolder: ~Copyable {
    /// Where to write.
    let path: String
    private let finalPath: String
    private var folders: [String] = []
    private var isPublished = false

    /// Stages a folder at `finalPath`, which must be absent or an empty folder.
    init(finalPath: String) throws {
        self.finalPath = finalPath
        path = finalPath + ".\(getpid()).partial"
        let existing = try? FileManager.default.contentsOfDirectory(atPath: finalPath)
        guard !FileManager.default.fileExists(atPath: finalPath) || existing?.isEmpty == true else {
            throw CorporaError(.file, finalPath, "already exists; name a new output folder")
        }
        do {
            if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw Self.uncreated(path, error)
        }
    }

    deinit {
        if !isPublished { try? FileManager.default.removeItem(atPath: path) }
    }

    private static func uncreated(_ path: String, _ error: any Error) -> CorporaError {
        let isFull = (error as? CocoaError)?.code == .fileWriteOutOfSpace
        return CorporaError(
            .unwritable, path,
            isFull
                ? "cannot be created: No space left on device; make room"
                : "cannot be created; check that the folder above it is writable, has room")
    }

    /// Makes a folder inside.
    mutating func makeFolder(_ name: String) throws -> String {
        let folder = path + "/" + name
        folders.append(folder)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw Self.uncreated(folder, error)
        }
        return folder
    }

    /// Renames the folder into place, durably. Its files must be synced already.
    consuming func publish() throws {
        for folder in folders + [path] { try PublishedFile.syncFolder(folder) }
        _ = rmdir(finalPath)
        guard rename(path, finalPath) == 0 else {
            throw CorporaError(
                .unwritable, finalPath, "cannot be renamed into place: \(String(cString: strerror(errno)))")
        }
        isPublished = true
        let parent = finalPath.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(finalPath[..<$0]) } ?? "."
        try PublishedFile.syncFolder(parent.isEmpty ? "/" : parent)
    }
}
