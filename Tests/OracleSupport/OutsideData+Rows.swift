// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Foundation

extension OutsideData {
    /// The rows of all the oracles' JSON Lines files whose first row has the fields of `Row`, each with the file's folder.
    public static func oracleRows<Row: Decodable>(of type: Row.Type) throws -> [(folder: URL, rows: [Row])] {
        let decoder = JSONDecoder()
        let files = try folders(below: oracles) { _ in true }.flatMap { folder in
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
