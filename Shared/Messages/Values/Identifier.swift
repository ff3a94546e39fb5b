// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A name that crosses a process boundary as a plain string.
public protocol Identifier: RawRepresentable<String>, Codable, Hashable, Sendable, Comparable, CustomStringConvertible {
    init(rawValue: String)
}

extension Identifier {
    public init(_ rawValue: String) { self.init(rawValue: rawValue) }
    public init(from decoder: any Decoder) throws {
        self.init(rawValue: try decoder.singleValueContainer().decode(String.self))
    }
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
    public var description: String { rawValue }
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
