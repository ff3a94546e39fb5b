// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Testing

/// A value and the JSON file that holds its wire format still.
///
/// After a change of the format that is meant, `MELLAMA_WRITE_GOLDENS=1` writes the files anew: read the difference.
struct Golden: Sendable, CustomTestStringConvertible {
    /// The file's name without `.json`.
    let name: String
    private let encode: @Sendable () throws -> Data
    private let decodesEqual: @Sendable (JSONValue) throws -> Bool

    init<Value: Codable & Equatable & Sendable>(_ name: String, _ value: Value) {
        self.name = name
        encode = { try MessageEncoder.prettyPrinted(value) }
        decodesEqual = { json in try MessageDecoder(policy: .strict).decode(Value.self, from: json) == value }
    }

    var testDescription: String { name }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/messages")

    func check() throws {
        let file = Self.folder.appending(path: "\(name).json")
        let encoded = try encode() + Data("\n".utf8)
        if ProcessInfo.processInfo.environment["MELLAMA_WRITE_GOLDENS"] == "1" {
            try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
            try encoded.write(to: file)
        }
        let golden = try Data(contentsOf: file)
        #expect(String(decoding: encoded, as: UTF8.self) == String(decoding: golden, as: UTF8.self))
        #expect(try decodesEqual(MessageDecoder.parse(golden)))
    }
}

extension Golden {
    /// A golden file as untyped JSON.
    static func json(_ name: String) throws -> JSONValue {
        try MessageDecoder.parse(Data(contentsOf: folder.appending(path: "\(name).json")))
    }
}
