// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What splitting patterns ask of a scalar: `\p{L}`, `\p{N}`, `\s`, or none of these.
enum ScalarClass: UInt8, Sendable {
    case other
    case letter
    case number
    case space

    /// The class of every scalar below U+10000; beyond, properties are asked for one by one.
    private static let table: [ScalarClass] = (0..<UInt32(0x10000)).map {
        Unicode.Scalar($0).map(ScalarClass.init(asking:)) ?? .other
    }

    @inline(__always)
    init(_ scalar: UInt32) {
        if scalar < 0x10000 {
            self = Self.table[Int(scalar)]
        } else {
            self = Unicode.Scalar(scalar).map(ScalarClass.init(asking:)) ?? .other
        }
    }

    private init(asking scalar: Unicode.Scalar) {
        // Later characters are unassigned in the library that is followed here (tokenizers 0.23: Unicode 16).
        guard let age = scalar.properties.age, age.major <= 16 else {
            self = .other
            return
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
        case .decimalNumber, .letterNumber, .otherNumber: self = .number
        default: self = scalar.properties.isWhitespace ? .space : .other
        }
    }
}
