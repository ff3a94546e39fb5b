// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Messages

/// The models that a job has published so far, kept in its workspace for the attempt after a killed one.
struct PublishedModels {
    let file: URL

    init(workspace: URL) { file = workspace.appending(path: "published.json") }

    func read() throws -> [PublishedModel] {
        guard FileManager.default.fileExists(atPath: file.path) else { return [] }
        let bytes = try MappedFile.contents(path: file.path, largest: 1 << 26)
        return try MessageDecoder(policy: .lenient)
            .decode([PublishedModel].self, from: MessageDecoder.parse(Data(bytes)))
    }

    func write(_ models: [PublishedModel]) throws {
        try PublishedFile.write([UInt8](MessageEncoder.encode(models)), to: file.path)
    }
}
