// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The number of one attempt at a job: larger for every later attempt, so that a stale worker can be told apart.
///
/// Microseconds of the server's clock, never less than the last fence plus one.
public struct Fence: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    public let value: UInt64
    public init(_ value: UInt64) { self.value = value }
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(UInt64.self))
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value)
    }
    public static func < (a: Fence, b: Fence) -> Bool { a.value < b.value }
    public var description: String { String(value) }
}
