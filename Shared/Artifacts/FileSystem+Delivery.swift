// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

extension FileSystem {
    package static func isEmptyFolder(_ path: String) throws -> Bool {
        isFolder(path) ? try names(in: path).isEmpty : false
    }

    /// Copies a file or folder to a place outside the store: each file aside, synced, then renamed, so that a reader
    /// sees none that is half-written. What lies in an existing folder beside the copied files is left alone.
    package static func deliver(_ source: String, to target: String) throws {
        let tree = try SourceTree(source)
        guard tree.isFolder else {
            if isFolder(target) {
                throw ArtifactError(
                    .badName, operation: "write output",
                    detail: "\(target): is a folder, and the job makes a file; name the file itself")
            }
            try deliverFile(source, to: target)
            return
        }
        guard !exists(target) else {
            guard isFolder(target) else {
                throw ArtifactError(
                    .badName, operation: "write output",
                    detail: "\(target): is a file, and the job makes a folder; name another place")
            }
            for folder in tree.folders { try makeFolder("\(target)/\(folder)") }
            for file in tree.files { try deliverFile(tree.absolute(file), to: "\(target)/\(file.path)") }
            return
        }
        let parent = parent(of: target) ?? (target.hasPrefix("/") ? "/" : ".")
        try makeFolder(parent)
        let aside = "\(target).\(randomName()).aside"
        do {
            try makeFolder(aside)
            for folder in tree.folders { try makeFolder("\(aside)/\(folder)") }
            for file in tree.files { try deliverFile(tree.absolute(file), to: "\(aside)/\(file.path)") }
            try synchronizeFolder(aside)
            try move(aside, to: target)
        } catch {
            try? remove(aside)
            throw error
        }
        try synchronizeFolder(parent)
    }

    private static func deliverFile(_ source: String, to target: String) throws {
        let parent = parent(of: target) ?? (target.hasPrefix("/") ? "/" : ".")
        try makeFolder(parent)
        let aside = "\(target).\(randomName()).aside"
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        do {
            let input = try FileDescriptor(source, O_RDONLY | O_NOFOLLOW, operation: "write output")
            let output = try FileDescriptor(aside, O_WRONLY | O_CREAT | O_EXCL, operation: "write output")
            while true {
                let count = try input.read(into: buffer)
                if count == 0 { break }
                try output.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
            try output.synchronize()
            try move(aside, to: target)
        } catch {
            unlink(aside)
            throw error
        }
        try synchronizeFolder(parent)
    }
}
