// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Foundation

extension URL {
    /// The value of a JSON file whose names are written in snake_case.
    public func camelCasedJSON<Value: Decodable>(as type: Value.Type) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(contentsOf: self))
    }
}
