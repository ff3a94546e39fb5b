// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// Turns typed messages into JSON: keys sorted, slashes unescaped, so that equal messages are equal bytes.
public enum MessageEncoder {
    /// The message as UTF-8 JSON on one line.
    public static func encode(_ value: some Encodable) throws -> Data {
        if let value = value as? any JSONRepresentable { return Data(try JSONWriter.write(value.jsonValue)) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    /// The message as text.
    public static func text(_ value: some JSONRepresentable) throws -> String {
        String(decoding: try JSONWriter.write(value.jsonValue), as: UTF8.self)
    }

    /// The message as JSON that a person reads.
    public static func prettyPrinted(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return try encoder.encode(value)
    }

    /// The message as an untyped value.
    public static func value(_ value: some Encodable) throws -> JSONValue {
        try MessageDecoder.parse(encode(value))
    }
}
