// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One reply of the server in its protocol's second version.
public enum RESPValue: Sendable, Hashable {
    /// A status line such as `OK`.
    case status(String)
    /// An error reply, already without argument values; only found inside pipelines and arrays.
    case error(RedisError)
    /// A 64-bit integer.
    case integer(Int)
    /// A binary-safe string.
    case bulk([UInt8])
    /// The null reply.
    case null
    /// A list of replies.
    case array([RESPValue])

    /// The text of a status, a bulk string (UTF-8, repaired) or an integer; `nil` otherwise.
    public var string: String? {
        switch self {
        case .status(let text): text
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let number): String(number)
        case .error, .null, .array: nil
        }
    }

    /// The bytes of a bulk string or status; `nil` otherwise.
    public var bytes: [UInt8]? {
        switch self {
        case .bulk(let bytes): bytes
        case .status(let text): Array(text.utf8)
        case .integer, .error, .null, .array: nil
        }
    }

    /// An integer, or a string that spells one; `nil` otherwise.
    public var integer: Int? {
        switch self {
        case .integer(let number): number
        case .bulk, .status: string.flatMap { Int($0) }
        case .error, .null, .array: nil
        }
    }

    /// The elements of an array; `nil` otherwise.
    public var array: [RESPValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// Whether this is the null reply.
    public var isNull: Bool { self == .null }

    /// The pairs of a flat array such as `HGETALL` gives, as a dictionary; `nil` if it is none.
    public var dictionary: [String: RESPValue]? {
        guard case .array(let elements) = self, elements.count.isMultiple(of: 2) else { return nil }
        var result: [String: RESPValue] = [:]
        result.reserveCapacity(elements.count / 2)
        for index in stride(from: 0, to: elements.count, by: 2) {
            guard let key = elements[index].string else { return nil }
            result[key] = elements[index + 1]
        }
        return result
    }
}
