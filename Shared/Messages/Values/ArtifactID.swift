// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// An immutable file or folder by the digest of its content: `sha256:` and 64 hexadecimal digits.
public struct ArtifactID: Identifier {
    public static let prefix = "sha256:"

    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The 64 hexadecimal digits.
    public var digest: Substring { rawValue.dropFirst(Self.prefix.count) }

    /// Whether the text has the form of an artifact's identifier.
    public var isWellFormed: Bool {
        rawValue.hasPrefix(Self.prefix) && digest.utf8.count == 64
            && digest.utf8.allSatisfy {
                ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9"))
                    || ($0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f"))
            }
    }
}
