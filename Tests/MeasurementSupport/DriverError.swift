// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why nothing could be measured.
public struct DriverError: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) { self.description = description }
}
