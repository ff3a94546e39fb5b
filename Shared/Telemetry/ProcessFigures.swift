// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the system knows of this process, under the names that Prometheus's client libraries use.
enum ProcessFigures {
    static func add(to page: inout PrometheusText) {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let times = [usage.ru_utime, usage.ru_stime].map { Double($0.tv_sec) + Double($0.tv_usec) / 1e6 }
        page.set("process_cpu_seconds_total", to: times[0] + times[1])
        if let pages = read("/proc/self/statm").split(separator: " ").dropFirst().first.flatMap({ Double($0) }) {
            page.set("process_resident_memory_bytes", to: pages * Double(sysconf(Int32(_SC_PAGESIZE))))
        }
        if let count = openDescriptors() { page.set("process_open_fds", to: Double(count)) }
        if let start { page.set("process_start_time_seconds", to: start) }
    }

    /// Since 1970, in seconds: field 22 of `/proc/self/stat` is in ticks since the system's start (proc(5)).
    private static let start: Double? = {
        // The name in parentheses may hold spaces.
        let fields = read("/proc/self/stat").split(separator: ")").last?.split(separator: " ") ?? []
        let boot = read("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }?.dropFirst(6)
        guard fields.count > 19, let ticks = Double(fields[19]), let boot = boot.flatMap({ Double($0) }) else {
            return nil
        }
        return boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }()

    private static func openDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        // `.`, `..` and the folder's own.
        var count = -3
        while readdir(folder) != nil { count += 1 }
        return count
    }

    /// A file of `/proc`, at most 64 KiB.
    private static func read(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = Glibc.read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
