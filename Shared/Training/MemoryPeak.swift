// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// The most memory that this process has had resident, to compare with what was planned.
public enum MemoryPeak {
    /// Begins anew from what is resident now, where the system allows (proc(5), clear_refs).
    public static func reset() {
        guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
        try? file.write(contentsOf: Data("5".utf8))
        try? file.close()
    }

    /// Bytes since the last reset; nil where the system does not say.
    public static func bytes() -> Int? {
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
            .map { 1024 * $0 }
    }
}
