// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Codable's view of a `JSONValue`, with paths in every error.
struct JSONValueDecoder: Decoder {
    let value: JSONValue
    let codingPath: [any CodingKey]
    let trace: DecodingTrace
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = value else { throw wrongType("an object") }
        trace.enter(CodingPath.text(codingPath), members: members.keys) { Key(stringValue: $0) != nil }
        return KeyedDecodingContainer(Keyed(members: members, codingPath: codingPath, trace: trace))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let items) = value else { throw wrongType("an array") }
        return Unkeyed(items: items, codingPath: codingPath, trace: trace)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { Single(decoder: self) }

    private func wrongType(_ expected: String) -> MessageError {
        MessageError(
            .wrongType, path: CodingPath.text(codingPath), detail: "expected \(expected), found \(value.typeName)")
    }

    static func unbox<T: Decodable>(
        _ value: JSONValue, as type: T.Type, path: [any CodingKey], trace: DecodingTrace
    ) throws -> T {
        if type == JSONValue.self, let same = value as? T { return same }
        func wrong(_ expected: String) -> MessageError {
            MessageError(
                .wrongType, path: CodingPath.text(path), detail: "expected \(expected), found \(value.typeName)")
        }
        func cast<U>(_ result: U?, _ expected: String) throws -> T {
            guard let result = result as? T else { throw wrong(expected) }
            return result
        }
        switch type {
        case is String.Type: return try cast(value.stringValue, "a string")
        case is Bool.Type:
            guard case .bool(let flag) = value else { throw wrong("a boolean") }
            return try cast(flag, "a boolean")
        case is Double.Type: return try cast(value.doubleValue, "a number")
        case is Float.Type: return try cast(value.doubleValue.map(Float.init), "a number")
        case is Int.Type: return try cast(integer(value), "an integer")
        case is Int32.Type: return try cast(integer(value).flatMap { Int32(exactly: $0) }, "a 32-bit integer")
        case is Int64.Type: return try cast(integer(value).map(Int64.init), "an integer")
        case is UInt64.Type:
            return try cast(integer(value).flatMap { UInt64(exactly: $0) }, "an integer from 0 to \(Int64.max)")
        case let type as any FixedWidthInteger.Type:
            return try cast(exactly(integer(value), type), "an integer that fits \(type)")
        default:
            return try T(from: JSONValueDecoder(value: value, codingPath: path, trace: trace))
        }
    }

    private static func integer(_ value: JSONValue) -> Int? {
        switch value {
        case .integer(let value): Int(exactly: value)
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    private static func exactly<N: FixedWidthInteger>(_ value: Int?, _ type: N.Type) -> N? {
        value.flatMap { N(exactly: $0) }
    }

    private struct Single: SingleValueDecodingContainer {
        let decoder: JSONValueDecoder
        var codingPath: [any CodingKey] { decoder.codingPath }
        func decodeNil() -> Bool { decoder.value == .null }
        func decode<T: Decodable>(_ type: T.Type) throws -> T {
            try unbox(decoder.value, as: type, path: codingPath, trace: decoder.trace)
        }
    }

    private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let members: [String: JSONValue]
        let codingPath: [any CodingKey]
        let trace: DecodingTrace
        var allKeys: [Key] { members.keys.compactMap(Key.init(stringValue:)) }

        private func member(_ key: Key) throws -> JSONValue {
            trace.ask(CodingPath.text(codingPath), name: key.stringValue)
            guard let value = members[key.stringValue] else {
                throw MessageError(
                    .missingField, path: CodingPath.text(codingPath),
                    detail: "the field \"\(key.stringValue)\" is missing")
            }
            return value
        }

        func contains(_ key: Key) -> Bool {
            trace.ask(CodingPath.text(codingPath), name: key.stringValue)
            return members[key.stringValue] != nil
        }

        func decodeNil(forKey key: Key) throws -> Bool { try member(key) == .null }

        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            try unbox(member(key), as: type, path: codingPath + [key], trace: trace)
        }

        func nestedContainer<NestedKey: CodingKey>(
            keyedBy type: NestedKey.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<NestedKey> {
            try decoder(key).container(keyedBy: type)
        }

        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
            try decoder(key).unkeyedContainer()
        }

        func superDecoder() throws -> any Decoder {
            JSONValueDecoder(value: .object(members), codingPath: codingPath, trace: trace)
        }

        func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }

        private func decoder(_ key: Key) throws -> JSONValueDecoder {
            JSONValueDecoder(value: try member(key), codingPath: codingPath + [key], trace: trace)
        }
    }

    private struct Unkeyed: UnkeyedDecodingContainer {
        let items: [JSONValue]
        let codingPath: [any CodingKey]
        let trace: DecodingTrace
        var currentIndex = 0
        var count: Int? { items.count }
        var isAtEnd: Bool { currentIndex >= items.count }

        private mutating func next() throws -> JSONValueDecoder {
            let path = codingPath + [CodingPath.Index(currentIndex)]
            guard !isAtEnd else {
                throw MessageError(
                    .missingField, path: CodingPath.text(path), detail: "the array ends before this item")
            }
            defer { currentIndex += 1 }
            return JSONValueDecoder(value: items[currentIndex], codingPath: path, trace: trace)
        }

        mutating func decodeNil() throws -> Bool {
            guard !isAtEnd, items[currentIndex] == .null else { return false }
            currentIndex += 1
            return true
        }

        mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
            let decoder = try next()
            return try unbox(decoder.value, as: type, path: decoder.codingPath, trace: trace)
        }

        mutating func nestedContainer<NestedKey: CodingKey>(
            keyedBy type: NestedKey.Type
        ) throws -> KeyedDecodingContainer<NestedKey> { try next().container(keyedBy: type) }

        mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }

        mutating func superDecoder() throws -> any Decoder { try next() }
    }
}
