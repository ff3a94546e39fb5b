// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Where bytes stop being UTF-8.
public enum UTF8Validation {
    /// The offset of the first byte that is no part of a scalar, or nil if all of it is valid UTF-8.
    public static func firstInvalidByte(_ bytes: UnsafeRawBufferPointer) -> Int? {
        UTF8Repair.firstInvalidByte(bytes.assumingMemoryBound(to: UInt8.self))
    }
}
