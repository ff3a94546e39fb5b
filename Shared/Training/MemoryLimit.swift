// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// How much more memory this process may take: what the machine has free, or its control group allows, if less.
public enum MemoryLimit {
    /// Bytes, or nil where the system does not say.
    public static func available() -> Int? {
        let read = { try? String(contentsOfFile: $0, encoding: .utf8) }
        return [machine(read("/proc/meminfo")), group(read)].compactMap { $0 }.min()
    }

    /// `MemAvailable` of /proc/meminfo, which counts what caches can give back.
    static func machine(_ text: String?) -> Int? {
        guard let line = text?.split(separator: "\n").first(where: { $0.hasPrefix("MemAvailable:") }) else {
            return nil
        }
        return line.split(separator: " ").compactMap { Int($0) }.first.map { $0 * 1024 }
    }

    /// The limit of the control group less what it uses and cannot give back; both versions of control groups.
    static func group(_ read: (String) -> String?) -> Int? {
        func number(_ path: String) -> Int? {
            read(path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        func inactiveFile(_ path: String, _ name: String) -> Int {
            let line = read(path)?.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
            return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
        }
        let two = "/sys/fs/cgroup"
        if let limit = number("\(two)/memory.max"), let used = number("\(two)/memory.current") {
            return max(0, limit - used + inactiveFile("\(two)/memory.stat", "inactive_file"))
        }
        let one = "/sys/fs/cgroup/memory"
        if let limit = number("\(one)/memory.limit_in_bytes"), limit < 1 << 60,
            let used = number("\(one)/memory.usage_in_bytes")
        {
            return max(0, limit - used + inactiveFile("\(one)/memory.stat", "total_inactive_file"))
        }
        return nil
    }
}
