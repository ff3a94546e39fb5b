// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import MedicalBenchmark
import Messages

/// Rows of finished evaluations, kept so that the same question is not put to the same model twice.
///
/// A file holds the rows of one key: model, prompt, shots, decoding and data. The folder stands in the artifact store's,
/// is its owner's alone as that is (rows hold what models wrote), and is bounded: the files used longest ago go first.
struct AnswerStore: Sendable {
    let folder: URL
    /// Bytes that all files may take together.
    var capacity = 1 << 30

    init(artifacts: String) {
        folder = URL(filePath: artifacts, directoryHint: .isDirectory).appending(path: "answers")
    }

    /// The rows of a key; none where there are none, or none that can be read.
    func rows(_ key: String) -> [EvaluationRow] {
        guard let data = FileManager.default.contents(atPath: file(key).path) else { return [] }
        return EvaluationRow.rows(fromJSONLines: data).rows
    }

    /// Adds rows to those of a key. What can't be kept is asked again some day: no error.
    func keep(_ rows: [EvaluationRow], key: String) {
        guard rows.contains(where: { !$0.unfit }) else { return }
        var kept: [String: EvaluationRow] = [:]
        var order: [String] = []
        for row in self.rows(key) + rows where !row.unfit {
            if kept.updateValue(row, forKey: row.id) == nil { order.append(row.id) }
        }
        var lines = Data()
        for id in order { if let line = try? kept[id]?.jsonLine() { lines += line } }
        guard lines.count <= capacity else { return }
        let manager = FileManager.default
        let aside = folder.appending(path: ".\(UUID().uuidString)")
        do {
            try manager.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            guard manager.createFile(atPath: aside.path, contents: lines, attributes: [.posixPermissions: 0o600]) else {
                return
            }
            guard rename(aside.path, file(key).path) == 0 else { return try manager.removeItem(at: aside) }
            try prune()
        } catch {
            try? manager.removeItem(at: aside)
        }
    }

    /// Removes files until the rest fits, those written longest ago first.
    private func prune() throws {
        let keys: Set<URLResourceKey> = [.fileSizeKey, .contentModificationDateKey]
        let files = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: Array(keys)
        ).map { url in
            let values = try url.resourceValues(forKeys: keys)
            return (url: url, bytes: values.fileSize ?? 0, date: values.contentModificationDate ?? .distantPast)
        }.sorted { $0.date < $1.date }
        var total = files.reduce(0) { $0 + $1.bytes }
        for file in files where total > capacity {
            try FileManager.default.removeItem(at: file.url)
            total -= file.bytes
        }
    }

    /// A key is a hexadecimal digest.
    private func file(_ key: String) -> URL { folder.appending(path: "\(key).jsonl") }
}
