// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A run's identifier: a ULID.
public struct RunID: Identifier {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }
}
