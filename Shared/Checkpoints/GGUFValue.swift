// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A value of a GGUF file's metadata. Integers of all widths are one case, as are reals.
public enum GGUFValue: Sendable, Equatable {
    case integer(Int)
    case real(Double)
    case boolean(Bool)
    /// UTF-8, as far as the writer cared.
    case string([UInt8])
    case integers([Int])
    case reals([Float])
    case strings([[UInt8]])

    /// A string.
    public static func string(_ text: String) -> GGUFValue { .string(Array(text.utf8)) }
}
