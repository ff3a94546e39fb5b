// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

extension URL {
    /// The file's JSON value, its snake_case keys read as camelCase.
    func snakeCaseJSON<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(contentsOf: self))
    }

    /// The values of a JSON Lines file, their snake_case keys read as camelCase.
    func snakeCaseJSONLines<Value: Decodable>(as type: Value.Type = Value.self) throws -> [Value] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try Data(contentsOf: self).split(separator: UInt8(ascii: "\n")).map {
            try decoder.decode(type, from: Data($0))
        }
    }
}
