// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Tensors

/// Reading small files whole.
enum Files {
    /// The bytes of a file of at most `limit` bytes. Throws `unreadable` naming the file.
    static func contents(_ url: URL, limit: Int) throws -> Data {
        let file: MappedFile
        do { file = try MappedFile(path: url.path) } catch {
            throw CheckpointError(.unreadable, error.description)
        }
        guard file.bytes.count <= limit else {
            throw CheckpointError(
                .malformed, "\(url.path) is \(file.bytes.count) bytes long, more than the \(limit) such a file may have"
            )
        }
        return Data(file.bytes)
    }
}
