// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Foundation

extension URL {
    /// Whether this is an existing folder.
    public var isFolder: Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
    }

    /// Whether the folder holds a file of this relative path.
    public func holds(_ relativePath: String) -> Bool {
        FileManager.default.fileExists(atPath: appending(path: relativePath).path)
    }

    /// The file's JSON value.
    public func json<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: self))
    }

    /// The values of a JSON Lines file, one a line.
    public func jsonLines<Value: Decodable>(as type: Value.Type = Value.self) throws -> [Value] {
        let decoder = JSONDecoder()
        return try Data(contentsOf: self).split(separator: UInt8(ascii: "\n"))
            .map { try decoder.decode(type, from: Data($0)) }
    }
}
