// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport

/// Finds the oracles' metric files by what is in them.
enum MetricOracles {
    /// The rows of all JSON Lines files whose first row has the fields of `Row`, each with the file's folder.
    static func rows<Row: Decodable>(as type: Row.Type = Row.self) throws -> [Row] {
        try OutsideData.oracleRows(of: type).flatMap(\.rows)
    }
}

/// p, r and f as the oracles write them.
struct OracleScore: Decodable {
    let p: Double
    let r: Double
    let f: Double
}
