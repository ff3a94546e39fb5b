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

    func append(_ row: EvaluationRow) throws {
        let line = try row.jsonLine()
        try writing { try handle.write(contentsOf: line) }
    }

    /// The final rows, in the items' order.
    func replace(with rows: [EvaluationRow]) throws {
        let lines = try rows.map { try $0.jsonLine() }
        try writing {
            try handle.truncate(atOffset: 0)
            for line in lines { try handle.write(contentsOf: line) }
            try handle.synchronize()
            try handle.close()
        }
    }

    private func writing(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            throw JobFailure(
                .storage, title: "The rows can't be written",
                detail: "\(url.path): check that its disk has room and can be written", retryable: true)
        }
    }
}
