// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import MedicalBenchmark
import Messages

/// The rows of an evaluation on disk, as they come: what an attempt that was killed leaves to the next.
struct RowFile {
    /// Rows of an earlier attempt.
    let known: [EvaluationRow]
    private let url: URL
    private let handle: FileHandle

    init(_ url: URL) throws {
        self.url = url
        let (known, whole) = EvaluationRow.rows(fromJSONLines: FileManager.default.contents(atPath: url.path) ?? Data())
        self.known = known
        if !FileManager.default.fileExists(atPath: url.path) {
            try Data().write(to: url)
        }
        handle = try FileHandle(forWritingTo: url)
        try handle.truncate(atOffset: UInt64(whole))
        try handle.seekToEnd()
    }

    func append(_ row: EvaluationRow) throws { try handle.write(contentsOf: row.jsonLine()) }

    /// The final rows, in the items' order.
    func replace(with rows: [EvaluationRow]) throws {
        try handle.truncate(atOffset: 0)
        for row in rows { try handle.write(contentsOf: row.jsonLine()) }
        try handle.synchronize()
        try handle.close()
    }
}
