// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Messages

/// Brings an artifact's files to this machine.
struct ArtifactFetch {
    let client: GatewayClient

    /// Writes an artifact that is a file under its digest, or a folder artifact's files below `folder`, which is made. Names from outside never lead out of it.
    func fetch(_ id: ArtifactID, into folder: String) async throws {
        guard let listing = try await client.listing(id) else {
            try Self.write(try await client.file(id), to: "\(folder)/\(id.digest)")
            return
        }
        for file in listing.files {
            let parts = file.path.split(separator: "/", omittingEmptySubsequences: false)
            guard !file.path.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
                throw MellamaError("\(id) holds a file whose name leads elsewhere; it is not fetched")
            }
            let bytes = try await client.file(id, path: file.path)
            try Self.write(bytes, to: "\(folder)/\(file.path)")
        }
    }

    /// Written aside and renamed, so that a file is there whole or not at all.
    static func write(_ bytes: [UInt8], to path: String) throws(MellamaError) {
        let parent = LocalPath.parent(of: path)
        do {
            try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        } catch {
            throw MellamaError("\(parent): can't be made; check its permissions")
        }
        let aside = "\(path).\(getpid()).part"
        let file = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw MellamaError("\(path): \(String(cString: strerror(errno)))") }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        let isWhole = rest.isEmpty && fsync(file) == 0
        close(file)
        guard isWhole, rename(aside, path) == 0 else {
            unlink(aside)
            throw MellamaError("\(path): can't be written; is the disk full?")
        }
        let folder = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }
}
