// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The visible characters that byte-level vocabularies write bytes as (GPT-2's `bytes_to_unicode`): printable Latin-1
/// as itself, the other 68 bytes as U+0100 and up.
enum ByteAlphabet {
    /// The character of each byte.
    static let characters: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (0...255).map { byte in
            if isItself(byte) { return Unicode.Scalar(UInt8(byte)) }
            defer { next += 1 }
            return Unicode.Scalar(next) ?? "?"
        }
    }()

    /// The byte of each character below U+0144, or −1.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x144)
        for (byte, character) in characters.enumerated() { bytes[Int(character.value)] = Int16(byte) }
        return bytes
    }()

    /// The bytes that a piece (valid UTF-8) stands for; nil if it has another character than this alphabet's.
    static func bytes(of piece: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(piece.count)
        var index = 0
        return piece.withUnsafeBufferPointer { piece in
            while index < piece.count {
                let (scalar, length) = SymbolTable.scalar(piece, at: index)
                guard scalar < bytes.count, bytes[Int(scalar)] >= 0 else { return nil }
                result.append(UInt8(bytes[Int(scalar)]))
                index += length
            }
            return result
        }
    }

    private static func isItself(_ byte: Int) -> Bool {
        (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || (0xAE...0xFF).contains(byte)
    }
}
