// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A message that builds its JSON by hand, because Codable's way is too slow for how often it is written.
public protocol JSONRepresentable {
    /// What `encode` would write.
    var jsonValue: JSONValue { get }
}

extension JSONValue: JSONRepresentable {
    public var jsonValue: JSONValue { self }
}
