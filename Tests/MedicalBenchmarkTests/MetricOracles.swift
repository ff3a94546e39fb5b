// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport

/// Finds the oracles' metric files by what is in them.
enum MetricOracles {
    /// The rows of all JSON Lines files whose first row has the fields of `Row`, each with the file's folder.
    static func rows<Row: Decodable>(as type: Row.Type = Row.self) throws -> [Row] {
        try files(of: type).flatMap(\.rows)
    }

    static func files<Row: Decodable>(of type: Row.Type) throws -> [(folder: URL, rows: [Row])] {
        let decoder = JSONDecoder()
        let folders = OutsideData.folders(below: OutsideData.oracles) { _ in true }
        let files = try folders.flatMap { folder in
            try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "jsonl" }
        }
        return try files.compactMap { file in
            let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
            guard let first = lines.first, (try? decoder.decode(Row.self, from: Data(first))) != nil else { return nil }
            return (file.deletingLastPathComponent(), try lines.map { try decoder.decode(Row.self, from: Data($0)) })
        }
    }
}

/// p, r and f as the oracles write them.
struct OracleScore: Decodable {
    let p: Double
    let r: Double
    let f: Double
}
