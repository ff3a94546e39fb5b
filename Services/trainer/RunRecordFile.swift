// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Messages

/// A run's record, kept in its job's workspace for the attempt after a killed one.
struct RunRecordFile: Sendable {
    private let file: URL

    init(workspace: URL) { file = workspace.appending(path: "record.json") }

    func read() throws -> RunRecord {
        guard FileManager.default.fileExists(atPath: file.path) else { return RunRecord() }
        let bytes = try MappedFile.contents(path: file.path, largest: 1 << 26)
        return try MessageDecoder(policy: .lenient).decode(RunRecord.self, from: MessageDecoder.parse(Data(bytes)))
    }

    func write(_ record: RunRecord) throws {
        try PublishedFile.write([UInt8](MessageEncoder.encode(record)), to: file.path)
    }
}
