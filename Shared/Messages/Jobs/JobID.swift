// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A job's identifier: a ULID, `<run>.<stage>` for a stage of a run, `<job>.<batch>` for a job that a job asked for.
public struct JobID: Identifier {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Whether the text has the shape of an identifier: letters, digits, `.`, `_`, `-`, at most 200 bytes.
    public var isWellFormed: Bool {
        !rawValue.isEmpty && rawValue.utf8.count <= 200
            && rawValue.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}
