// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why the gateway does not start as it is set up, in one line.
struct SettingError: Error, Sendable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
